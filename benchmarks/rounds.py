"""One event to all phones, several sides in turn."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.crowd import Crowd, Opening
from benchmarks.report import median, quantile

ROUND_TIMEOUT_S = 60.0
REST_S = 0.4

Publish = Callable[[], Awaitable[int]]
"""Sends one event to all phones and returns its start, on the monotonic clock in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Round:
    """One event: how many phones had it, and the times until the first, half, 99 % and all of them did."""

    received: int
    first_s: float
    p50_s: float
    p99_s: float
    all_s: float

    @property
    def rate(self) -> float:
        """Recipients a second, until the last one has it."""
        return self.received / self.all_s


@dataclass
class Side:
    """Sockets of one server, and how an event is sent to all of them."""

    crowd: Crowd
    publish: Publish

    async def connect(self, openings: Sequence[Opening]) -> None:
        """Open the sockets. Raises RuntimeError when the server takes none."""
        crowd = self.crowd
        await crowd.connect(openings)
        if not crowd.size:
            raise RuntimeError(f"{crowd.name} holds no socket: {crowd.why_refused}")
        print(
            f"  {crowd.name:9} {crowd.size} connected, {crowd.refused} refused, {crowd.connect_rate:.0f}/s",
            flush=True,
        )

    async def play(self) -> Round:
        """Send one event and wait until every socket has it."""
        everyone = self.crowd.expect()
        began = await self.publish()
        try:
            await asyncio.wait_for(everyone, ROUND_TIMEOUT_S)
        except TimeoutError:
            print(f"  {self.crowd.name}: only {len(self.crowd.arrivals)} of {self.crowd.size} got the event")
        waits = [(arrival - began) / 1e9 for arrival in self.crowd.arrivals] or [ROUND_TIMEOUT_S]
        complete = len(self.crowd.arrivals) >= self.crowd.size
        return Round(
            received=len(self.crowd.arrivals),
            first_s=min(waits),
            p50_s=quantile(waits, 0.5),
            p99_s=quantile(waits, 0.99),
            all_s=max(waits) if complete else ROUND_TIMEOUT_S,
        )

    def figures(self, rounds: Sequence[Round]) -> dict[str, Any]:
        """Return the medians over the rounds."""
        return {
            "phones": self.crowd.size,
            "refused": self.crowd.refused,
            "closed": self.crowd.closed,
            "connects_per_s": round(self.crowd.connect_rate),
            "rate_per_s": round(median([r.rate for r in rounds])),
            "p50_ms": milliseconds([r.p50_s for r in rounds]),
            "p99_ms": milliseconds([r.p99_s for r in rounds]),
            "all_ms": milliseconds([r.all_s for r in rounds]),
            "frame_bytes": sorted(self.crowd.sizes),
            "incomplete_rounds": sum(r.received < self.crowd.size for r in rounds),
        }


async def take_turns(sides: Sequence[Side], rounds: int) -> list[list[Round]]:
    """Let all sides play in turn; return the rounds of each. The first of each side is a warm-up and not counted."""
    equalise([side.crowd for side in sides])
    played: list[list[Round]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, own in zip(sides, played, strict=True):
            round = await side.play()
            if number:
                own.append(round)
                print(
                    f"  {side.crowd.name:9} {round.rate:8.0f} /s  last {round.all_s * 1e3:7.1f} ms",
                    flush=True,
                )
            await asyncio.sleep(REST_S)
    return played


def equalise(crowds: Sequence[Crowd]) -> None:
    """Reduce all sides to the number of sockets that each of them can hold."""
    held = min(crowd.size for crowd in crowds)
    for crowd in crowds:
        if crowd.size > held:
            print(f"  {crowd.name} goes on with {held} sockets, as many as all hold", flush=True)
            crowd.shrink(held)


def ratio_of(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    """Return the median over the pairs of our rate to theirs."""
    return median([a.rate / b.rate for a, b in zip(ours, theirs, strict=True)])


def milliseconds(seconds: Sequence[float]) -> float:
    """Return the median in milliseconds."""
    return round(median(seconds) * 1e3, 1)
