"""The reasons to track people: duty, and those that rooms above add."""

from dataclasses import dataclass, field

from backend.tracking.duty import on_duty, on_duty_without_consent, was_on_duty
from backend.tracking.windows import EarlierWindows, TrackedNow


@dataclass
class Sources:
    """The reasons to track people that are registered in this process."""

    tracking: list[TrackedNow] = field(default_factory=lambda: [on_duty])
    tracked_earlier: list[EarlierWindows] = field(default_factory=lambda: [was_on_duty])
    withheld: list[EarlierWindows] = field(default_factory=lambda: [on_duty_without_consent])


sources = Sources()


def tracking(source: TrackedNow) -> TrackedNow:
    """Register `source(people, at)`: those who may be tracked at `at`, each with the start."""
    sources.tracking.append(source)
    return source


def tracked_earlier(source: EarlierWindows) -> EarlierWindows:
    """Register `source(people, since, at)`: past times of tracking, even for people off duty now."""
    sources.tracked_earlier.append(source)
    return source


def withheld(source: EarlierWindows) -> EarlierWindows:
    """Register `source(people, since, at)`: the times in which they would have been tracked with consent."""
    sources.withheld.append(source)
    return source
