"""A scripted call-out, and its verdict: every recipient got it, and no other person did."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from uuid6 import uuid7

from backend.lib.clock import now
from simulator import truth
from simulator.account import Account
from simulator.checker import count_faults, journal_faults, recipient_faults, tags_of
from simulator.fleet import Fleet
from simulator.habits import Habits
from simulator.journal import Shown
from simulator.phone import Phone

SKILL = "patrol"
ZONE = ZoneInfo("Asia/Shanghai")
PLACE = {"name": "Riverside park", "lon": 119.8921, "lat": 29.4525, "datum": "wgs84"}
REACHED_WITHIN_S = 20.0
ANSWERED_WITHIN_S = 40.0
COUNTED_WITHIN_S = 20.0
STRAY_S = 2.0
"""How long the checker waits for a wrong recipient."""

QUICK = (0.3, 2.5)
TAKER = Habits(accept=1.0, decline=0.0, think_s=QUICK)
REFUSER = Habits(accept=0.0, decline=1.0, think_s=QUICK)
SILENT = Habits(accept=0.0, decline=0.0, think_s=QUICK)
MANNERS = (TAKER, TAKER, REFUSER, TAKER, SILENT, TAKER, REFUSER, TAKER)
"""In turn among the people who are asked: five of eight accept, two decline, one is silent."""


@dataclass
class Cast:
    """The people of the scenario: all in the formation who could be told, and those of them who have a phone."""

    everyone: list[truth.Person]
    phones: list[truth.Person]
    units: list[str]
    paths: list[str]


@dataclass
class Verdict:
    """The course of the scenario in words, and its faults."""

    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass
class CallOut:
    """One scripted call-out by a commander, and the phones that watch it."""

    commander: Account
    fleet: Fleet
    cast: Cast
    expected: set[int] = field(default_factory=set)
    headcount: int = 0
    task: str = ""
    issued: float = 0.0

    async def play(self) -> Verdict:
        """Change who is on duty, call out, wait for the answers, and judge."""
        await self._change_duty()
        await self._expect()
        await self._issue()
        await self._until(self._all_reached, REACHED_WITHIN_S)
        await self._until(self._all_answered, ANSWERED_WITHIN_S)
        progress = await self._counted()
        await asyncio.sleep(STRAY_S)
        return await self._judge(progress)

    async def _change_duty(self) -> None:
        """Send some phones off duty and some on, by REST, a moment before the call-out."""
        dice = random.Random(1)
        some = dice.sample(self.cast.phones, len(self.cast.phones) // 5)
        on = {f"{person.number:08d}": not person.on_duty for person in some}
        await self.fleet.set_duty(on)

    async def _expect(self) -> None:
        """Read who is on duty now, compute the recipients, and assign each a behaviour."""
        at = now()
        numbers = {person.number for person in self.cast.everyone}
        fresh = await sync_to_async(truth.people_with)(numbers, at=at)
        self.cast.everyone = fresh
        self.expected = truth.recipients(
            fresh, paths=self.cast.paths, skills=[SKILL], adults_on=at.astimezone(ZONE).date()
        )
        asked = sorted(self.expected & self._with_phone)
        takers = 0
        for place, phone in enumerate(self._phone_of(number) for number in asked):
            phone.habits = MANNERS[place % len(MANNERS)]
            takers += phone.habits is TAKER
        self.headcount = max(1, takers * 2 // 3)

    async def _issue(self) -> None:
        at = now()
        self.task = str(uuid7())
        body = {
            "id": self.task,
            "unit": self.cast.units[0],
            "category": "patrol",
            "title": "Night patrol along the river",
            "instructions": "Meet at the north gate. Bring a torch and a reflective vest.",
            "place": PLACE,
            "starts_at": _next_night(at).isoformat(),
            "answer_by": (at + timedelta(minutes=10)).isoformat(),
            "headcount": self.headcount,
            "requirements": [SKILL],
        }
        await self.commander.call("POST", "/api/v1/tasks", body)
        wanted = {"id": str(uuid7()), "units": self.cast.units}
        self.issued = time.monotonic()
        await self.commander.call("POST", f"/api/v1/tasks/{self.task}/call-outs", wanted)

    def _all_reached(self) -> bool:
        return all(self._times_told(number) for number in self.expected & self._with_phone)

    def _all_answered(self) -> bool:
        return all(
            self.task in self._phone_of(number).answers or self._phone_of(number).habits is SILENT
            for number in self.expected & self._with_phone
        )

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not done() and time.monotonic() < until:  # noqa: ASYNC110  # asks hundreds of phones
            await asyncio.sleep(0.05)

    async def _counted(self) -> dict[str, int]:
        """Return the leader's counts, once receipts and answers have settled."""
        until = time.monotonic() + COUNTED_WITHIN_S
        while True:
            detail = await self.commander.call("GET", f"/api/v1/tasks/{self.task}")
            progress: dict[str, int] = detail["progress"]
            if not self._progress_faults(progress) or time.monotonic() > until:
                return progress
            await asyncio.sleep(0.5)

    def _progress_faults(self, progress: dict[str, int]) -> list[str]:
        asked = self.expected & self._with_phone
        silent = sum(self.task not in self._phone_of(number).answers for number in asked)
        want = {
            "headcount": self.headcount,
            "offered": len(self.expected),
            "delivered": len(asked),
            "silent": silent,
            "not_reached": len(self.expected) - len(asked),
            "accepted": self.headcount,
        }
        return [
            f"the leader sees {state} {progress[state]}, it must be {number}"
            for state, number in want.items()
            if progress[state] != number
        ]

    async def _judge(self, progress: dict[str, int]) -> Verdict:
        told = {phone: self._times_told(phone) for phone in self._with_phone}
        outcomes = [phone.answers[self.task].outcome for phone in self._phones if self.task in phone.answers]
        listed = await self._listed()
        faults = [
            *recipient_faults(self.expected & self._with_phone, told),
            *count_faults(progress, outcomes, headcount=self.headcount),
            *self._progress_faults(progress),
            *(["the list of recipients names others than were asked"] if listed != self.expected else []),
            *await sync_to_async(self._log_faults)(),
        ]
        return Verdict(self._story(progress, outcomes, told), faults)

    async def _listed(self) -> set[int]:
        """Return all people on the leader's list, page by page."""
        numbers: set[int] = set()
        after = ""
        while True:
            page = await self.commander.call("GET", f"/api/v1/tasks/{self.task}/recipients{after}")
            numbers |= {int(item["volunteer"]) for item in page["items"]}
            if not page["next"]:
                return numbers
            after = f"?after={page['next']}"

    def _log_faults(self) -> list[str]:
        """Compare every journal with the log in the database."""
        own = {person.number: person for person in self.cast.phones}
        units = truth.unit_numbers(self.cast.phones)
        topics = {number: truth.topics_of(person, units) for number, person in own.items()}
        log = truth.read_log(set().union(*topics.values()))
        return [
            fault
            for phone in self._phones
            for fault in journal_faults(
                phone.journal,
                log,
                number=int(phone.number or 0),
                tags=tags_of(phone.me),
                own=topics[int(phone.account.identifier)],
            )
        ]

    def _story(self, progress: dict[str, int], outcomes: list[str], told: dict[int, int]) -> list[str]:
        waits = sorted(shown.at - self.issued for phone in self._phones for shown in self._told(phone))
        kinds = Counter(outcomes)
        answered = [phone.answers[self.task].at for phone in self._phones if self.task in phone.answers]
        untold = sum(not times for times in told.values())
        suit = f"{len(self.expected)} suit, {len(self.expected & self._with_phone)} of them with a phone here"
        lines = [f"issued        0.000 s   {self.headcount} wanted from {', '.join(self.cast.units)}: {suit}"]
        if waits:
            lines += [
                f"first phone  {waits[0]:6.3f} s",
                f"half         {waits[len(waits) // 2]:6.3f} s",
                f"last phone   {waits[-1]:6.3f} s   {len(waits)} phones have it, {untold} others do not",
            ]
        if answered:
            said = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
            lines.append(f"last answer  {max(answered) - self.issued:6.3f} s   {said}")
        counts = ", ".join(f"{state} {n}" for state, n in progress.items())
        return [*lines, f"the leader sees: {counts}"]

    @property
    def _phones(self) -> list[Phone]:
        return self.fleet.phones

    @property
    def _with_phone(self) -> set[int]:
        return {person.number for person in self.cast.phones}

    def _phone_of(self, number: int) -> Phone:
        return self._by_number[number]

    @property
    def _by_number(self) -> dict[int, Phone]:
        return {int(phone.account.identifier): phone for phone in self._phones}

    def _told(self, phone: Phone) -> list[Shown]:
        return [s for s in phone.journal.of_type("task.called") if s.data["task"]["id"] == self.task]

    def _times_told(self, number: int) -> int:
        return len(self._told(self._phone_of(number)))


def choose(detachment: str, *, phones: int, without: set[int]) -> Cast:
    """Choose two brigades to call and people with phones: half of them qualify, the others must not be told.

    Of the others some are in the brigades and off duty, minors or without the skill; some are elsewhere.
    """
    at = now()
    path, brigades = truth.brigades_of(detachment)
    everyone = truth.people_below(path, at=at)
    size = Counter(person.paths[0][: len(brigades[0][0])] for person in everyone if person.paths)
    called = sorted(brigades, key=lambda brigade: -size[brigade[0]])[:2]
    paths = [brigade[0] for brigade in called]
    dice = random.Random(7)
    able = [person for person in everyone if person.number not in without]
    inside = [person for person in able if any(own.startswith(tuple(paths)) for own in person.paths)]
    suitable = [person for person in inside if person.on_duty and SKILL in person.skills]
    others = [person for person in inside if person not in suitable]
    outside = [person for person in able if person not in inside]
    chosen: list[truth.Person] = []
    for group, share in ((suitable, 0.55), (others, 0.75), (outside, 1.0)):
        chosen += dice.sample(group, min(len(group), round(phones * share) - len(chosen)))
    return Cast(everyone, chosen, [brigade[1] for brigade in called], paths)


def _next_night(at: datetime) -> datetime:
    """Return the next 23:00 that is at least an hour away: work for adults."""
    local = (at + timedelta(hours=1)).astimezone(ZONE)
    tonight = local.replace(hour=23, minute=0, second=0, microsecond=0)
    return (tonight if tonight >= local else tonight + timedelta(days=1)).astimezone(UTC)
