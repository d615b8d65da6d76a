"""Why people are located: duty, and what the rooms above add to it."""

from dataclasses import dataclass, field

from backend.tracking.duty import on_duty, on_duty_without_consent, was_on_duty
from backend.tracking.windows import EarlierWindows, TrackedNow


@dataclass
class Sources:
    """The reasons to locate people, as this process knows them."""

    tracking: list[TrackedNow] = field(default_factory=lambda: [on_duty])
    tracked_earlier: list[EarlierWindows] = field(default_factory=lambda: [was_on_duty])
    withheld: list[EarlierWindows] = field(default_factory=lambda: [on_duty_without_consent])


sources = Sources()


def tracking(source: TrackedNow) -> TrackedNow:
    """Register `source(people, at)`: which of them may be tracked at `at`, and since when."""
    sources.tracking.append(source)
    return source


def tracked_earlier(source: EarlierWindows) -> EarlierWindows:
    """Register `source(people, since, at)`: when they could be tracked between the two, whether or not they can now."""
    sources.tracked_earlier.append(source)
    return source


def withheld(source: EarlierWindows) -> EarlierWindows:
    """Register `source(people, since, at)`: when they would have been tracked, had they agreed to it by then."""
    sources.withheld.append(source)
    return source
