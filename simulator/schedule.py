"""A schedule of faults, with times and durations, made from a seed: the same seed gives the same schedule."""

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["kill", "freeze", "stop", "restart", "flush", "drop"]

PROCESSES = ("web", "sockets-1", "sockets-2", "clock")
LASTS_S = 5.0
"""All faults of a schedule begin within this time."""
LONGEST_FREEZE_S = 10.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault `at` seconds after the beginning, which is repaired `for_s` later.

    `share` is the part of the phones that are dropped; `mode` is how PostgreSQL is ended.
    """

    at: float
    kind: Kind
    target: str
    for_s: float = 0.0
    share: float = 0.0
    mode: Literal["fast", "immediate"] = "fast"

    def __str__(self) -> str:
        details = {
            "kill": f"start it again after {self.for_s:.1f} s",
            "freeze": f"for {self.for_s:.1f} s",
            "stop": f"for {self.for_s:.1f} s",
            "restart": self.mode if self.target == "postgres" else "",
            "flush": "",
            "drop": f"{self.share:.0%} of them",
        }
        return f"{self.at:6.2f} s  {self.kind} {self.target} {details[self.kind]}".rstrip()


@dataclass(frozen=True, slots=True)
class Schedule:
    """The faults of one seed, in the order of their beginning."""

    seed: int
    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, seed: int) -> "Schedule":
        """Make the schedule of a seed: two to four faults, which may overlap, and phones dropped once or twice."""
        dice = random.Random(f"fault {seed}")
        faults = [_fault(dice) for _ in range(dice.randint(2, 4))]
        faults += [_drop(dice) for _ in range(dice.randint(1, 2))]
        return cls(seed, tuple(sorted(faults, key=lambda fault: fault.at)))

    def __str__(self) -> str:
        return "\n".join([f"schedule of seed {self.seed}:", *map(str, self.faults)])


def _fault(dice: random.Random) -> Fault:
    at = round(dice.uniform(0.3, LASTS_S), 2)
    make = dice.choices((_kill, _freeze, _redis, _postgres), weights=(4, 3, 3, 2))[0]
    return make(dice, at)


def _kill(dice: random.Random, at: float) -> Fault:
    return Fault(at, "kill", dice.choice(PROCESSES), for_s=round(dice.uniform(0, 1.5), 1))


def _freeze(dice: random.Random, at: float) -> Fault:
    """Freeze a process: mostly for a moment, one in six for as long as a machine out of memory may."""
    longest = LONGEST_FREEZE_S if dice.random() < 1 / 6 else 3.0
    return Fault(
        at, "freeze", dice.choice((*PROCESSES, "redis")), for_s=round(dice.uniform(longest / 3, longest), 1)
    )


def _redis(dice: random.Random, at: float) -> Fault:
    kind: Kind = dice.choice(("stop", "restart", "flush"))
    if kind != "stop":
        return Fault(at, kind, "redis")
    longest = 8.0 if dice.random() < 1 / 4 else 3.0
    return Fault(at, kind, "redis", for_s=round(dice.uniform(1.0, longest), 1))


def _postgres(dice: random.Random, at: float) -> Fault:
    return Fault(at, "restart", "postgres", mode=dice.choice(("fast", "immediate")))


def _drop(dice: random.Random) -> Fault:
    at = round(dice.uniform(0.3, LASTS_S), 2)
    return Fault(at, "drop", "phones", share=round(dice.uniform(0.05, 0.5), 2))
