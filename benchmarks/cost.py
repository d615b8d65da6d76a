"""The processor time and the memory of servers and cores, from /proc."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from simulator.processes import Server

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def processes_of(server: Server) -> list[int]:
    """Return a server's processes: the one that we started, and its children in its session."""
    assert server.process is not None
    leader = server.process.pid
    own = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and int(fields[3]) == leader:
                own.append(int(entry.name))
    return own


def cpu_s(server: Server) -> float:
    """Return the processor time that a server has used, in seconds."""
    return sum(_ticks(pid) for pid in processes_of(server)) * _TICK_S


def resident_bytes(server: Server) -> int:
    """Return the memory that a server holds."""
    total = 0
    for pid in processes_of(server):
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        except OSError:
            continue
    return total


@dataclass(frozen=True, slots=True)
class Moment:
    """Counters at one moment: the clock, the server's and our own processor time, and the busy time of the cores."""

    at: float
    server_s: float
    client_s: float
    busy_s: dict[int, float]

    @classmethod
    def now(cls, server: Server) -> "Moment":
        """Read all counters."""
        return cls(time.monotonic(), cpu_s(server), time.process_time(), _busy())

    def busy_share(self, core: int, since: "Moment") -> float:
        """Return the busy share of a core since then."""
        return (self.busy_s[core] - since.busy_s[core]) / (self.at - since.at)


def _busy() -> dict[int, float]:
    busy = {}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, _idle, _wait, hard, soft, *_ = map(int, ticks)
            busy[int(name[3:])] = (user + nice + system + hard + soft) * _TICK_S
    return busy


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on; empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
