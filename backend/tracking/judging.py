"""Judges whether a fix may be stored: a volunteer's places are kept only for times with a reason to track."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from backend.tracking.agreement import DRIFT
from backend.tracking.schemas.positions import FixIn, Verdict
from backend.tracking.sources import sources
from backend.tracking.windows import EarlierWindows, Tracked, Window
from backend.volunteers.models import DUTIES_KEPT

BROUGHT_BACK = DUTIES_KEPT
"""The largest age of a fix from an earlier duty or task, when its phone reconnects."""


@dataclass(frozen=True, slots=True)
class Report:
    """The fixes of one report of a person; None in the place of an unreadable one."""

    person: int
    fixes: Sequence[FixIn | None]


class Judge:
    """Judges each fix of a batch: whether it is stored, and in which scope it appears on the map."""

    def __init__(self, reports: Sequence[Report], at: datetime) -> None:
        self.at = at
        self.tracked = tracked_now({report.person for report in reports}, at)
        older = {
            report.person for report in reports if any(self._is_older(report.person, f) for f in report.fixes)
        }
        self.earlier = _windows(sources.tracked_earlier, older, at)
        self.withheld: dict[int, list[Window]] = {}
        self.withheld = _windows(sources.withheld, self._off_duty(reports, older), at)

    def __call__(self, person: int, fix: FixIn | None) -> tuple[Verdict, str]:
        if fix is None:
            return "invalid", ""
        if fix.at > self.at + DRIFT:
            return "future", ""
        now = self.tracked.get(person)
        if now is not None and fix.at >= now.since - DRIFT:
            return "accepted", now.scope
        if fix.at < self.at - BROUGHT_BACK:
            return "too_old", ""
        if _falls_in(self.earlier.get(person, ()), fix.at):
            return "accepted", ""
        return ("no_consent" if _falls_in(self.withheld.get(person, ()), fix.at) else "off_duty"), ""

    def every_s(self, person: int) -> int:
        """Return the reporting interval of a person's phone."""
        now = self.tracked.get(person)
        usual: int = settings.MUSTER.position_every_s
        return now.every_s if now and now.every_s is not None else usual

    def _is_older(self, person: int, fix: FixIn | None) -> bool:
        """Tell whether only an earlier window could contain the fix: rarely true, so the past is seldom read."""
        if fix is None:
            return False
        now = self.tracked.get(person)
        return self.at - BROUGHT_BACK <= fix.at <= self.at and (now is None or fix.at < now.since - DRIFT)

    def _off_duty(self, reports: Sequence[Report], older: set[int]) -> set[int]:
        """Return the people whose fixes would be refused as off duty: only for them the exact reason is read."""
        doubtful = (one for one in reports if one.person in older or one.person not in self.tracked)
        return {
            report.person
            for report in doubtful
            if any(self(report.person, fix)[0] == "off_duty" for fix in report.fixes)
        }


def tracked_now(persons: Iterable[int], at: datetime) -> dict[int, Tracked]:
    """Return the people who may be tracked now; of several reasons the earliest, with the shortest interval."""
    found: dict[int, Tracked] = {}
    for source in sources.tracking:
        for person, tracked in source(list(persons), at).items():
            other = found.get(person)
            found[person] = tracked if other is None else _of_both(tracked, other)
    return found


def _of_both(one: Tracked, other: Tracked) -> Tracked:
    first = one if one.since < other.since else other
    intervals = [tracked.every_s for tracked in (one, other) if tracked.every_s is not None]
    return replace(first, every_s=min(intervals, default=None))


def _windows(reasons: Iterable[EarlierWindows], persons: set[int], at: datetime) -> dict[int, list[Window]]:
    """Return the windows of people in the days from which a phone may upload fixes; without people no query."""
    found: dict[int, list[Window]] = {}
    for source in reasons if persons else ():
        for person, windows in source(list(persons), at - BROUGHT_BACK, at).items():
            found.setdefault(person, []).extend(windows)
    return found


def _falls_in(windows: Iterable[Window], moment: datetime) -> bool:
    """Tell whether a fix was measured in a window; no drift is tolerated at its end: off duty is off duty."""
    return any(window.since - DRIFT <= moment <= window.until for window in windows)
