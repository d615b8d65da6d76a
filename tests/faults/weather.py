"""What goes wrong between phones and servers, when and for how long: made from a seed, the same for the same seed."""

import random
from dataclasses import dataclass
from typing import Literal

from simulator.schedule import Fault
from tests.faults.network import Weather

Blow = Weather | Literal["cut", "restart", "wipe", "offline"]

LASTS_S = 4.0
"""Within which everything begins."""
PROCESSES = ("web", "sockets-1", "sockets-2", "clock")
WEATHERS: tuple[tuple[Blow, int, float], ...] = (
    ("lose", 4, 2.0),
    ("block", 3, 4.0),
    ("portal", 2, 3.0),
    ("redirect", 1, 3.0),
    ("stall", 3, 4.0),
    ("deaf", 2, 4.0),
    ("mute", 2, 4.0),
    ("slow", 2, 3.0),
    ("gone", 2, 2.0),
    ("cut", 5, 0.0),
    ("restart", 3, 0.0),
    ("wipe", 1, 0.0),
    ("offline", 1, 2.0),
)
"""What may befall a phone, how often beside the others, and how long it lasts at most (seconds)."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something befalls a phone, the `phone`-th of them, `at` seconds after the beginning, `for_s` long."""

    at: float
    phone: int
    blow: Blow
    for_s: float = 0.0

    def __str__(self) -> str:
        lasts = f" for {self.for_s:.1f} s" if self.for_s else ""
        return f"{self.at:6.2f} s  phone {self.phone}: {self.blow}{lasts}"


@dataclass(frozen=True, slots=True)
class PagesSchedule:
    """The faults of one seed. `embedded`: on one process with SQLite; `blocked`: a phone that never gets a socket."""

    seed: int
    embedded: bool
    blocked: int | None
    faults: tuple[Fault, ...]
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, seed: int, phones: int) -> "PagesSchedule":
        """Make the schedule: one or two faults of processes, and two or three blows for each phone."""
        dice = random.Random(f"pages {seed}")
        embedded = is_embedded(seed)
        processes = ("web",) if embedded else PROCESSES
        faults = [_fault(dice, processes) for _ in range(dice.randint(1, 2))]
        changes = [_change(dice, phone) for phone in range(phones) for _ in range(dice.randint(2, 3))]
        blocked = dice.randrange(phones) if dice.random() < 0.4 else None
        return cls(
            seed,
            embedded,
            blocked,
            tuple(sorted(faults, key=lambda fault: fault.at)),
            tuple(sorted(changes, key=lambda change: change.at)),
        )

    def __str__(self) -> str:
        where = "one process, SQLite" if self.embedded else "processes of their own, PostgreSQL, Redis"
        blocked = "" if self.blocked is None else f"; phone {self.blocked} never gets a socket"
        lines = [
            f"schedule of seed {self.seed} ({where}{blocked}):",
            *map(str, self.faults),
            *map(str, self.changes),
        ]
        return "\n".join(lines)


def is_embedded(seed: int) -> bool:
    """Tell whether a seed is played on one process with SQLite: one in five."""
    return seed % 5 == 0


def _fault(dice: random.Random, processes: tuple[str, ...]) -> Fault:
    at, target = round(dice.uniform(0.5, LASTS_S), 2), dice.choice(processes)
    if dice.random() < 0.5:
        return Fault(at, "kill", target, for_s=round(dice.uniform(0, 1), 1))
    return Fault(at, "freeze", target, for_s=round(dice.uniform(0.5, 3.5), 1))


def _change(dice: random.Random, phone: int) -> Change:
    blow, _, longest = dice.choices(WEATHERS, weights=[often for _, often, _ in WEATHERS])[0]
    for_s = round(dice.uniform(longest / 4, longest), 1)
    return Change(round(dice.uniform(0.2, LASTS_S), 2), phone, blow, for_s)
