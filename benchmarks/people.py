"""People as they are: a village in bed, a crowd at a gate, a phone from a drawer, a roster a year later."""

import argparse
import asyncio
import base64
import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from benchmarks.report import Report
from benchmarks.roster_again import again_figures
from benchmarks.stage import our_server, prepare, running, stage
from simulator.processes import Server
from simulator.rest import Refused, Rest

AT_HOME, CROWD, DESKS = 60, 500, 4
VILLAGE, GATE, DRAWER, LARGE = 10, 11, 12, 13
"""The corps of each scene."""
FORM_S = 15.0
"""What a person at a desk needs to fill in one form."""
BATCH = 200
MAY_BE_WOKEN = {"consents": [{"categories": ["patrol"], "start": "00:00", "end": "24:00"}]}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--people", type=int, default=8_000, metavar="N", help="members of the large unit (8000)"
    )
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="pairs of conditions (15)")
    parser.add_argument(
        "--roster-rows",
        type=int,
        default=100_000,
        metavar="N",
        help="rows of the roster that comes again (100000); 0: none",
    )
    parser.add_argument(
        "--slack",
        type=float,
        default=1.0,
        metavar="X",
        help="how much slower than what it is compared with (1)",
    )


def run(options: argparse.Namespace) -> Report:
    """Let a real server say who is asked, who is sent and who gets in."""
    with stage() as place:
        prepare(place.environment, 1)
        web = our_server(place.environment, place.folder, "web")
        with running(web), in_database():
            figures: dict[str, Any] = {}
            figures |= in_bed(web)
            figures |= at_the_gate(web)
            figures |= out_of_the_drawer(web)
            ratio, medians = who_may_be_asked(force(web, LARGE, options.people), options.rounds)
            figures |= medians
    ratios = {"who_may_be_asked": ratio}
    if options.roster_rows:
        figures |= again_figures(options.roster_rows)
        ratios["roster_again"] = figures["again_s"] / figures["again_first_s"]
    lines = [f"{name:26} {value}" for name, value in figures.items()]
    return Report(
        name="people",
        figures=figures,
        ratios=ratios,
        limits=dict.fromkeys(ratios, options.slack),
        lines=lines,
    )


@contextmanager
def in_database() -> Iterator[None]:
    """Let go of the run's database at the end: it is dropped."""
    from django.db import connections

    try:
        yield
    finally:
        connections.close_all()


@dataclass(frozen=True, slots=True)
class Caller:
    """One signed-in person of the run, and the server. `unit` is the number of the unit that they belong to."""

    web: Server
    number: int
    unit: str
    token: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer. Raises Refused."""
        rest = Rest(f"http://127.0.0.1:{self.web.port}")
        return asyncio.run(rest.call(method, f"/api/v1{path}", body, token=self.token, timeout_s=60))

    def is_let(self, method: str, path: str, body: Any = None) -> bool:
        """Tell whether an act is let."""
        try:
            self.call(method, path, body)
        except Refused:
            return False
        return True

    def call_out(self, **fields: Any) -> tuple[str, int]:
        """Call a task out; returns its id, and how many were asked (0 when the server finds no person to ask)."""
        at = datetime.now(UTC)
        task = {
            "id": new_id(),
            "unit": self.unit,
            "title": "A child is missing",
            "headcount": CROWD + 1,
            "place": {"name": "School gate", "lon": 119.89, "lat": 29.45, "datum": "wgs84"},
            "starts_at": (at + timedelta(hours=1)).isoformat(),
            "answer_by": (at + timedelta(minutes=50)).isoformat(),
            **fields,
        }
        made = self.call("POST", "/tasks", task)
        wanted = {"id": new_id(), "units": [self.unit]}
        try:
            sent = self.call("POST", f"/tasks/{made['id']}/call-outs", wanted)
        except Refused as refused:
            if refused.problem["type"] != "/problems/nobody-to-ask":
                raise
            return made["id"], 0
        return made["id"], sent["offered"]


def force(web: Server, corps: int, count: int) -> list[Caller]:
    """Make people of a corps of their own, on duty; the first commands it. Their numbers can be typed."""
    from backend.volunteers.number_scheme import unit_number, volunteer_number
    from simulator.people import UNIT, make_people

    serials = range(3_000_000 + corps * 20_000, 3_000_000 + (corps + 1) * 20_000)
    numbers = [number for number in map(volunteer_number, serials) if number is not None][:count]
    unit = unit_number(corps)
    made = make_people(numbers, line=[unit], below=UNIT)
    return [Caller(web, one.number, unit, one.access) for one in made]


def send_home(people: Sequence[Caller]) -> None:
    """End the duty of people."""
    from backend.volunteers.models import Volunteer

    numbers = [one.number for one in people]
    Volunteer.objects.filter(number__in=numbers).update(duty_since=None, duty_until=None)


def new_id() -> str:
    """Return a UUIDv7, as an app makes it."""
    from uuid6 import uuid7

    return str(uuid7())


def in_bed(web: Server) -> dict[str, int]:
    """Ask sixty people at home, one without a phone; all others report where they are."""
    from backend.accounts.models import Device
    from backend.tracking.models import Fix, LatestPosition

    commander, *villagers = people = force(web, VILLAGE, AT_HOME + 1)
    send_home(people)
    *with_phone, without = villagers
    Device.objects.filter(user__volunteer__number=without.number).delete()
    for villager in with_phone:
        villager.call("PUT", "/me/waking", MAY_BE_WOKEN)
    word = {
        "id": new_id(),
        "categories": ["patrol"],
        "said_yes": True,
        "how": "phone",
        "said_at": datetime.now(UTC).isoformat(),
    }
    commander.call("POST", f"/volunteers/{without.number:08d}/waking/words", word)
    _, urgent = commander.call_out(category="patrol", severity="urgent")
    _, normal = commander.call_out(category="patrol")
    fix = {"at": datetime.now(UTC).isoformat(), "lon": 119.89, "lat": 29.45, "datum": "wgs84", "acc_m": 9}
    answers = [villager.call("POST", "/positions", {"fixes": [fix]}) for villager in with_phone]
    assert all(answer["results"] == ["off_duty"] for answer in answers), "each position was looked at"

    return {
        "asked_urgent": urgent,
        "asked_normal": normal,
        "tracked_off_duty": Fix.objects.count() + LatestPosition.objects.count(),
    }


def at_the_gate(web: Server) -> dict[str, Any]:
    """Let four desks enter 500 adults without papers; all of them accept dangerous work, and one minor tries to."""
    from backend.dispatch.models import Assignment, AssignmentStatus
    from backend.volunteers.models import Volunteer

    people = force(web, GATE, 1 + DESKS + CROWD + 1)
    commander, desks, crowd = people[0], people[1 : 1 + DESKS], people[1 + DESKS :]
    send_home([commander, *desks])
    minor = crowd[-1].number
    Volunteer.objects.filter(number__in=[one.number for one in crowd]).update(born_on=None)
    young = datetime.now(UTC).date() - timedelta(days=16 * 365)
    Volunteer.objects.filter(number=minor).update(born_on=young)

    began = time.monotonic()
    occasion = open_occasion(commander)
    forms = enter_all(commander, desks, occasion, [one.number for one in crowd])
    spent_s = time.monotonic() - began
    task, _ = commander.call_out(category="rescue", occasion=occasion)
    for one in crowd:
        one.is_let("POST", f"/tasks/{task}/answer", {"answer": "accept"})
    accepted = Assignment.objects.filter(task_id=UUID(task), status=AssignmentStatus.ACCEPTED)
    _, again = commander.call_out(category="rescue", occasion=open_occasion(commander))
    return {
        "sent_without_papers": accepted.exclude(volunteer__number=minor).count(),
        "minors_sent": accepted.filter(volunteer__number=minor).count(),
        "minutes_to_send_500": round((forms * FORM_S / DESKS + spent_s) / 60, 1),
        "server_s_to_enter_500": round(spent_s, 1),
        "sent_at_next_event": again,
    }


def open_occasion(commander: Caller) -> str:
    """Open an occasion of the crowd's unit for the days to come; returns its id."""
    wanted = {"id": new_id(), "unit": commander.unit, "name": "Search", **days_to_come()}
    return str(commander.call("POST", "/occasions", wanted)["id"])


def days_to_come() -> dict[str, str]:
    """Return the time of an occasion that has just begun."""
    at = datetime.now(UTC)
    begun, over = at - timedelta(minutes=1), at + timedelta(days=3)
    return {"from_at": begun.isoformat(), "until_at": over.isoformat()}


def enter_all(commander: Caller, desks: Sequence[Caller], occasion: str, numbers: Sequence[int]) -> int:
    """Enter all papers at four desks, the minor's too but for the age; returns how many forms that takes."""
    name_desks(commander, desks, occasion)
    policy = {
        "id": new_id(),
        "unit": commander.unit,
        "occasion": occasion,
        "insurer": "PICC",
        "number": "2026-1",
        **days_to_come(),
        "places": len(numbers),
    }
    commander.call("POST", "/policies", policy)
    insurance, briefing, signing, ages = desks
    trained = {"minutes": 30, "content": "Search in the mountains", "trainer": f"{commander.number:08d}"}
    sheet, forms = f"/occasions/{occasion}", 0
    for start in range(0, len(numbers), BATCH):
        people = [f"{number:08d}" for number in numbers[start : start + BATCH]]
        insurance.call("POST", f"/policies/{policy['id']}/people", {"id": new_id(), "people": people})
        briefing.call("POST", f"{sheet}/briefings", {"id": new_id(), "people": people, **trained})
        signed = {"id": new_id(), "people": people, "photo": photo(), "with_risk_notice": True}
        signing.call("POST", f"{sheet}/agreements", signed)
        adults = [
            {"volunteer": one, "document": "identity_card"} for one in people if int(one) != numbers[-1]
        ]
        ages.call("POST", f"{sheet}/attestations", {"id": new_id(), "people": adults})
        # A list is one form; a person is one form, in which the document is looked at.
        forms += 3 + len(people)
    return forms


def name_desks(commander: Caller, desks: Sequence[Caller], occasion: str) -> None:
    """Give each of the desks a post, and name it."""
    from backend.volunteers.models import Role, Unit, Volunteer
    from backend.volunteers.services.people import appoint

    unit, at = Unit.objects.get(number=commander.unit), datetime.now(UTC)
    for desk in desks:
        helper = Volunteer.objects.get(number=desk.number)
        post = appoint(volunteer=helper, unit=unit, role=Role.MEMBER, by=None, at=at)
        commander.call("PUT", f"/occasions/{occasion}/desks/{post.pk}")


def photo() -> str:
    """Return the photo of a signed list, in base64."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (1200, 900), "white").save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def out_of_the_drawer(web: Server) -> dict[str, int]:
    """Let two phones answer an order without signing in: one was last used 300 days ago, one 400.

    Both have once signed in by a code that their leader read out.
    """
    commander, *idle = people = force(web, DRAWER, 3)
    for phone in idle:
        phone.call("PUT", "/me/waking", MAY_BE_WOKEN)
    send_home(people)
    answered = []
    for phone, days in zip(idle, (300, 400), strict=True):
        refresh = put_away(sign_in_by_code(commander, phone), phone.number, days)
        task, _ = commander.call_out(category="patrol", severity="urgent")
        try:
            tokens = phone.call("POST", "/token/refresh", {"refresh": refresh})
        except Refused:
            answered.append(0)
            continue
        renewed = replace(phone, token=tokens["access"])
        answered.append(int(renewed.is_let("POST", f"/tasks/{task}/answer", {"answer": "accept"})))
    return {"answered_after_300_days": answered[0], "answered_after_400_days": answered[1]}


def sign_in_by_code(commander: Caller, phone: Caller) -> str:
    """Let a phone sign in by a code of the leader; returns the id of its device."""
    made = commander.call("POST", f"/volunteers/{phone.number:08d}/sign-in-codes", {})
    device = {"id": new_id(), "platform": "android"}
    wanted = {"identifier": made["number"], "code": made["code"], "device": device}
    phone.call("POST", "/sign-in/code", wanted)
    return device["id"]


def put_away(device_id: str, number: int, days: int) -> str:
    """Let a device have been used last so many days ago; returns the token that it got then."""
    from backend.accounts.models import Device
    from backend.accounts.tokens import tokens_for

    then = datetime.now(UTC) - timedelta(days=days)
    device = Device.objects.select_related("user").get(pk=device_id)
    Device.objects.filter(pk=device.pk).update(created_at=then, last_seen_at=then)
    return tokens_for(device, number=number, at=then).refresh


def who_may_be_asked(people: Sequence[Caller], rounds: int) -> tuple[float, dict[str, float]]:
    """Time who may be asked among thousands with the three states, and with the condition of duty alone, in turn."""
    from django.db import connection
    from django.db.models import Exists, OuterRef, Q, QuerySet

    from backend.dispatch import queries
    from backend.dispatch.models import Assignment, Task
    from backend.dispatch.queries.members import members_below
    from backend.volunteers.models import Membership, Unit, is_on_duty
    from backend.volunteers.queries.privacy import guardian_agrees

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    unit, at = Unit.objects.get(number=people[0].unit), datetime.now(UTC)
    task = Task(
        id=new_id(), unit=unit, category="patrol", starts_at=at + timedelta(hours=1), lon=119.89, lat=29.45
    )

    def read(members: QuerySet[Membership]) -> int:
        return len(members.values_list("volunteer__number", flat=True))

    def old() -> int:
        asked = Assignment.objects.filter(task=task, volunteer=OuterRef("volunteer"))
        lets = guardian_agrees(at, "volunteer", "volunteer__")
        return read(members_below([unit]).filter(is_on_duty(at, "volunteer__"), lets, Q(~Exists(asked))))

    def new() -> int:
        return read(queries.eligible(task, [unit], at))

    assert old() == new() == len(people)
    pairs = [(timed_ms(old), timed_ms(new)) for _ in range(rounds)]
    before, after = (median(side) for side in zip(*pairs, strict=True))
    figures = {"who_may_be_asked_ms": round(after, 1), "on_duty_alone_ms": round(before, 1)}
    return median(one / other for other, one in pairs), figures


def timed_ms(act: Callable[[], object]) -> float:
    """Return the milliseconds that something takes."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1e3
