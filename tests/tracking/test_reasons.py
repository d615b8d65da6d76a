"""A fix that is not stored names the true reason, by socket and by REST in the same words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import services as dispatch
from backend.dispatch.models import LegalBasis, Task
from backend.dispatch.schemas import AnswerIn, CallOutIn, LegalBasisIn, TaskIn
from backend.tracking.judging import Report
from backend.tracking.models import Fix, TrackerDay
from backend.tracking.positions import store_fixes
from backend.tracking.schemas.positions import FixIn
from backend.tracking.schemas.trackers import TrackerIn
from backend.tracking.services.trackers import make_tracker, report_by_tracker, tracker_by_secret
from backend.volunteers import services
from backend.volunteers.models import Purpose, Volunteer
from backend.volunteers.services.consents import withdraw_consent
from tests.builders import task_body
from tests.conftest import Formation, MakeVolunteer, SignedInClient
from tests.realtime.conftest import Connect

ClientOf = Callable[[User], SignedInClient]
MINUTE = timedelta(minutes=1)
Json = dict[str, Any]


def place(at: datetime, **changes: Any) -> Json:
    return {"at": at.isoformat(), "lon": 119.9, "lat": 29.4, "datum": "wgs84", **changes}


def judged(person: Volunteer, *moments: datetime, at: datetime) -> list[str]:
    fixes = [FixIn.model_validate(place(moment)) for moment in moments]
    return list(store_fixes([Report(person.number, fixes)], at=at)[0])


@pytest.fixture
def unasked(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    """Make somebody on duty who has agreed to nothing."""
    return make_volunteer(formation.squadron_a, consents=False)


# --- why ----------------------------------------------------------------------------------------------------------


def test_on_duty_without_consent_is_not_off_duty(unasked: Volunteer, at: datetime) -> None:
    assert judged(unasked, at, at + timedelta(seconds=30), at=at) == ["no_consent", "no_consent"]
    assert not Fix.objects.exists()


def test_off_duty_is_off_duty_whether_or_not_one_agrees(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    other = make_volunteer(formation.squadron_a, consents=False, on_duty=False)

    assert [judged(person, at, at=at) for person in (leader.volunteer, other)] == [["off_duty"]] * 2


def test_what_was_measured_outside_the_duty_is_off_duty_also_without_consent(
    unasked: Volunteer, at: datetime
) -> None:
    services.set_duty(on=False, by=unasked.user, at=at + 10 * MINUTE)
    moments = [at - 3 * MINUTE, at, at + 10 * MINUTE, at + 11 * MINUTE]

    assert judged(unasked, *moments, at=at + 20 * MINUTE) == [
        "off_duty",
        "no_consent",
        "no_consent",
        "off_duty",
    ]


def test_a_withdrawn_consent_is_told_from_the_end_of_duty(volunteer: User, at: datetime) -> None:
    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=at + MINUTE)
    assert judged(volunteer.volunteer, at + 2 * MINUTE, at=at + 2 * MINUTE) == ["no_consent"]
    services.set_duty(on=False, by=volunteer, at=at + 3 * MINUTE)

    assert judged(volunteer.volunteer, at + 4 * MINUTE, at=at + 4 * MINUTE) == ["off_duty"]


def test_other_reasons_come_first(unasked: Volunteer, at: datetime) -> None:
    moments = [at + timedelta(hours=1), at - timedelta(days=8)]

    assert judged(unasked, *moments, at=at) == ["future", "too_old"]


def accepted_task(person: Volunteer, leader: User, formation: Formation, at: datetime) -> Task:
    """Have somebody accept a task that begins in two hours, and go off duty."""
    body = task_body(formation.squadron_a.number, at, category="care", headcount=1)
    wanted = TaskIn.model_validate(body)
    task = dispatch.create_task(wanted=wanted, by=leader, at=at)
    units = CallOutIn(id=uuid7(), units=[formation.squadron_a.number])
    dispatch.call_out(task_id=task.pk, wanted=units, by=leader, at=at)
    dispatch.answer_offer(task_id=task.pk, answer=AnswerIn(answer="accept"), by=person.user, at=at)
    services.set_duty(on=False, by=person.user, at=at)
    return task


def test_on_a_task_without_consent_is_not_off_duty(
    unasked: Volunteer, commander: User, formation: Formation, at: datetime
) -> None:
    task = accepted_task(unasked, commander, formation, at)
    assert judged(unasked, at + 3 * MINUTE, at=at + 3 * MINUTE) == ["no_consent"]

    basis = LegalBasisIn(legal_basis=LegalBasis.VITAL_INTERESTS, reason="a child is missing")
    dispatch.name_legal_basis(task_id=task.pk, wanted=basis, by=commander, at=at + 4 * MINUTE)

    assert judged(unasked, at + 7 * MINUTE, at=at + 7 * MINUTE) == ["accepted"]
    dispatch.cancel_task(task_id=task.pk, reason="", by=commander, at=at + 8 * MINUTE)
    assert judged(unasked, at + 9 * MINUTE, at=at + 9 * MINUTE) == ["off_duty"]


def test_a_tracker_counts_what_was_refused_for_want_of_consent(unasked: Volunteer, at: datetime) -> None:
    made = make_tracker(wanted=TrackerIn(name="x", datum="wgs84"), by=unasked.user, at=at)
    tracker = tracker_by_secret(made.secret, at=at)

    report_by_tracker(tracker=tracker, told=[FixIn.model_validate(place(at))], at=at)

    assert list(TrackerDay.objects.values_list("reason", "count")) == [("no_consent", 1)]


def test_the_true_reason_is_asked_for_only_where_something_is_refused(
    volunteer: User, unasked: Volunteer, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    def statements(*people: Volunteer) -> int:
        fixes = [FixIn.model_validate(place(at))]
        with CaptureQueriesContext(connection) as captured:
            store_fixes([Report(person.number, fixes) for person in people], at=at)
        return sum("SELECT" in query["sql"] for query in captured)

    good = statements(volunteer.volunteer)
    others = [make_volunteer(formation.squadron_a, consents=False) for _ in range(5)]

    refused = statements(unasked)
    assert statements(*others, unasked) == refused
    assert good < refused <= good + 8


# --- a field that is wrong ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_one_wrong_field_in_one_fix_does_not_refuse_the_frame(
    connect: Connect, volunteer: User, client_of: ClientOf
) -> None:
    now = datetime.now(UTC)
    fixes: list[Any] = [
        place(now, heading=90),
        place(now - timedelta(seconds=1)),
        place(now, lat=91),
        place(now, datum="\0"),
        place(now, battery="\0"),
        {"lon": 1},
        "no fix",
        None,
        [],
        place(now + timedelta(hours=1)),
    ]
    want = ["invalid", "accepted", *["invalid"] * 7, "future"]
    socket = await connect(volunteer)

    await socket.send({"type": "position", "n": 18, "fixes": fixes})
    stored = await socket.receive()

    errors = stored.pop("errors")
    assert stored == {"type": "stored", "positions": 18, "refused": 9, "results": want, "every_s": 30}
    assert errors[0] == {"pointer": "/fixes/0/heading", "detail": "there is no such field"}
    assert {int(error["pointer"].split("/")[2]) for error in errors} == {0, 2, 3, 4, 5, 6, 7, 8}
    client = await sync_to_async(client_of)(volunteer)
    answer = await sync_to_async(client.post)("/api/v1/positions", {"fixes": fixes}, format="json")
    assert answer.json() == {"results": [want[0], "duplicate", *want[2:]], "errors": errors}


@pytest.mark.django_db(transaction=True)
async def test_a_frame_in_which_every_fix_is_wrong_is_answered_for_each(
    connect: Connect, volunteer: User
) -> None:
    socket = await connect(volunteer)
    wrong = [place(datetime.now(UTC), **{f"field{n}": n for n in range(15)})] * 100

    await socket.send({"type": "position", "n": 3, "fixes": wrong})
    stored = await socket.receive()

    assert (stored["positions"], stored["results"]) == (3, ["invalid"] * 100)
    assert len(stored["errors"]) == 20
    await socket.send({"type": "position", "n": 4, "fixes": [place(datetime.now(UTC))]})
    assert (await socket.receive())["results"] == ["accepted"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "frame",
    [
        {"n": "x", "fixes": [{"lon": 1}]},
        {"fixes": [{"lon": 1}]},
        {"n": 1, "fixes": {"0": 1}},
        {"n": 1, "fixes": []},
        {"n": 1, "fixes": [{"lon": 1}] * 101},
        {"n": 1},
    ],
)
async def test_a_frame_that_is_none_is_a_problem(connect: Connect, volunteer: User, frame: Json) -> None:
    socket = await connect(volunteer)

    await socket.send({"type": "position", **frame})

    refused = await socket.receive()
    assert refused["problem"]["type"] == "/problems/invalid"
