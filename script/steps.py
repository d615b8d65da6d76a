"""Runs the checks of script/test beside one another, and tells what each took."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from machine import ROOT, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


PERCENT = re.compile(r"\[ *(\d+)%\]")
TAIL = 400
"""Bytes at the end of a step's output that hold the last line with a percentage."""


@dataclass(frozen=True)
class Step:
    """One check: its name, its program, and how to call it."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path = ROOT
    quiet: bool = True
    good: Sequence[int] = (0,)

    def program(self) -> str:
        """Return the full path of its program, looked for where the step will look."""
        name = self.command[0]
        return shutil.which(name, path=self.env["PATH"]) or name


@dataclass(frozen=True)
class Result:
    """What became of a step: how long it took, and what it and its programs took of the processors."""

    name: str
    outcome: str
    seconds: float
    processor_s: float


@dataclass
class Run:
    """The steps of one run: lanes run beside one another, the steps of a lane one after the other."""

    keep_going: bool
    results: list[Result] = field(default_factory=list)
    running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)
    _talking: threading.Lock = field(default_factory=threading.Lock)

    def all_of(self, *lanes: Sequence[Step]) -> None:
        """Run the lanes; after a failure no other step begins, and those that run are ended."""
        if len(lanes) == 1:
            self._lane(lanes[0], alone=True)
            return
        with ThreadPoolExecutor(len(lanes)) as threads:
            for done in [threads.submit(self._lane, lane) for lane in lanes]:
                done.result()

    def _lane(self, steps: Sequence[Step], *, alone: bool = False) -> None:
        for step in steps:
            if self.stopped.is_set():
                return
            say(f"── {step.name}")
            result = self._run(step, shown=alone and not step.quiet)
            self.results.append(result)
            if result.outcome != "ok" and not self.keep_going:
                self._stop()

    def _run(self, step: Step, *, shown: bool) -> Result:
        """Run one step; what it prints is shown at once, or afterwards in one piece."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as words:
            process = self._start(step, None if shown else words)
            over = threading.Event()
            threading.Thread(target=self._tell_progress, args=(step, words, over), daemon=True).start()
            _, status, usage = os.wait4(process.pid, 0)
            over.set()
            process.returncode = os.waitstatus_to_exitcode(status)
            self.running.discard(process)
            good = process.returncode in step.good
            with self._talking:
                if not (shown or (step.quiet and good)):
                    say(f"── {step.name}, which has ended:")
                    words.seek(0)
                    sys.stdout.write(words.read().decode(errors="replace"))
                    sys.stdout.flush()
        outcome = "ok" if good else "ended" if self.stopped.is_set() else "FAILED"
        return Result(step.name, outcome, time.monotonic() - began, usage.ru_utime + usage.ru_stime)

    def _tell_progress(self, step: Step, words: IO[bytes], over: threading.Event) -> None:
        """Say once a minute how far a step is whose output is kept back until it has ended."""
        while not over.wait(60):
            size = os.fstat(words.fileno()).st_size
            tail = os.pread(words.fileno(), TAIL, max(0, size - TAIL)).decode(errors="replace")
            if found := PERCENT.findall(tail):
                with self._talking:
                    say(f"   {step.name}: {found[-1]} %")

    def _start(self, step: Step, words: IO[bytes] | None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [step.program(), *step.command[1:]],
            cwd=step.cwd,
            env={**os.environ, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT if words else None,
        )
        self.running.add(process)
        return process

    def _stop(self) -> None:
        """Let no step begin, and interrupt those that run, so that they put their things away."""
        self.stopped.set()
        for process in tuple(self.running):
            process.send_signal(signal.SIGINT)

    @property
    def passed(self) -> bool:
        """Tell whether every step was good."""
        return not self.stopped.is_set() and all(result.outcome == "ok" for result in self.results)

    def summarise(self, steps: int) -> None:
        """Print one line for each step, and the total: the table of CONTRIBUTING.md."""
        say("")
        say("| step | seconds | of processors |")
        say("|---|---|---|")
        for result in self.results:
            name = result.name if result.outcome == "ok" else f"{result.name}: {result.outcome}"
            say(f"| {name} | {result.seconds:.0f} | {result.processor_s:.0f} |")
        whole = sum(result.processor_s for result in self.results)
        say(f"| in all | {time.monotonic() - self.began:.0f} | {whole:.0f} |")
        if left_out := steps - len(self.results):
            say(f"{left_out} later steps did not run; --keep-going runs them all the same.")
