"""The hard rules from law, one after the other: what the law asks for is refused or done by the product itself."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.dispatch import services as dispatch
from backend.dispatch import topics
from backend.dispatch.models import Assignment, LegalBasis, Task
from backend.dispatch.schemas import AnswerIn, CallOutIn, LegalBasisIn, TaskIn
from backend.dispatch.services.allocation import Answer
from backend.lib.errors import NotAllowed, NotFound
from backend.privacy.queries import export_of
from backend.privacy.services.own_data import erase_person
from backend.privacy.services.retention import keep_to_limits
from backend.readiness.schemas import WakingIn
from backend.readiness.services.statements import say_waking
from backend.realtime.clock import tick
from backend.rosters.queries.exports import exported_people
from backend.tracking.judging import Report
from backend.tracking.models import Fix, LatestPosition
from backend.tracking.positions import store_fixes
from backend.tracking.schemas.positions import FixIn
from backend.volunteers.consents import current_version
from backend.volunteers.models import (
    AccessEntry,
    Credential,
    CredentialKind,
    Guardian,
    Membership,
    Purpose,
    Volunteer,
)
from backend.volunteers.queries import me_of
from backend.volunteers.queries.me import own_duty
from backend.volunteers.services import set_duty
from backend.volunteers.services.consents import give_consent, withdraw_consent
from backend.volunteers.services.duty import NotInService
from backend.volunteers.services.standing import retire, suspend
from tests.builders import task_body
from tests.conftest import Formation, MakeVolunteer, Published, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


@pytest.fixture
def noon(at: datetime) -> datetime:
    """Return the noon in China that comes in twelve hours or later."""
    there = (at + timedelta(hours=12)).astimezone(ZoneInfo("Asia/Shanghai"))
    noon = there.replace(hour=12, minute=0, second=0)
    return noon if noon >= there else noon + timedelta(days=1)


@pytest.fixture
def call(formation: Formation, commander: User, at: datetime, noon: datetime) -> Callable[..., Task]:
    """Return the act of asking everybody in squadron A, for a patrol at noon unless told otherwise."""

    def make(**changes: Any) -> Task:
        body = task_body(formation.detachment.number, at, **{"starts_at": noon, "headcount": 5} | changes)
        task = dispatch.create_task(wanted=TaskIn.model_validate(body), by=commander, at=at)
        sent = CallOutIn(id=uuid7(), units=[formation.squadron_a.number])
        dispatch.call_out(task_id=task.pk, wanted=sent, by=commander, at=at)
        return task

    return make


def asked(task: Task) -> set[int]:
    return set(Assignment.objects.filter(task=task).values_list("volunteer__number", flat=True))


def reply(task: Task, person: Volunteer, at: datetime, **answer: Any) -> str:
    body = AnswerIn.model_validate({"answer": "accept"} | answer)
    return dispatch.answer_offer(task_id=task.pk, answer=body, by=person.user, at=at).status


def report(person: Volunteer, recorded: datetime, at: datetime) -> str:
    fix = FixIn.model_validate({"at": recorded, "lon": 119.9, "lat": 29.4, "datum": "wgs84"})
    return store_fixes([Report(person.number, [fix])], at=at)[0][0]


def status_of(task: Task, people: Sequence[Volunteer]) -> list[str]:
    return [Assignment.objects.get(task=task, volunteer=person).status for person in people]


def scope_of(person: Volunteer) -> str:
    return LatestPosition.objects.get(person=person.number).scope


# --- 1 ------------------------------------------------------------------------------------------------------------


def test_rule_1_a_volunteer_may_decline_at_any_time_and_nothing_is_held_against_them(
    call: Callable[..., Task], volunteer: User, at: datetime, noon: datetime
) -> None:
    person = volunteer.volunteer
    task = call()

    assert reply(task, person, at) == "accepted"
    assert reply(task, person, noon, answer="decline") == "declined"
    assert person.number in asked(call())


# --- 2 ------------------------------------------------------------------------------------------------------------


def test_rule_2_a_minor_is_never_offered_rescue_or_night_work(
    call: Callable[..., Task], formation: Formation, make_volunteer: MakeVolunteer, noon: datetime
) -> None:
    minor, adult = make_volunteer(formation.squadron_a, adult=False), make_volunteer(formation.squadron_a)

    assert asked(call(category="rescue")) == {adult.number}
    assert asked(call(starts_at=noon.replace(hour=22))) == {adult.number}
    assert asked(call(starts_at=noon.replace(hour=4, minute=59) + timedelta(days=1))) == {adult.number}
    assert asked(call()) == {adult.number, minor.number}


def test_rule_2_other_work_needs_the_consent_of_a_guardian(
    call: Callable[..., Task], formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    make_volunteer(formation.squadron_a)
    alone = make_volunteer(formation.squadron_a, adult=False, papers=False)
    minor = make_volunteer(formation.squadron_a, adult=False)
    task = call()
    Guardian.objects.filter(volunteer=minor).update(withdrawn_at=at)

    with pytest.raises(dispatch.GuardianDisagrees):
        reply(task, minor, at)
    assert alone.number not in asked(task)
    assert minor.number not in asked(call())


def test_rule_2_whoever_turns_out_to_be_a_minor_cannot_accept_rescue(
    call: Callable[..., Task], volunteer: User, at: datetime
) -> None:
    task = call(category="rescue")
    Volunteer.objects.filter(user=volunteer).update(born_on=at.date() - timedelta(days=16 * 365))

    with pytest.raises(dispatch.ForAdultsOnly):
        reply(task, volunteer.volunteer, at, risk_acknowledged=True)


# --- 3 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lacking", CredentialKind)
@pytest.mark.parametrize("how", ["missing", "ends before", "begins after", "revoked"])
def test_rule_3_dangerous_service_is_offered_to_the_insured_trained_and_bound_alone(
    call: Callable[..., Task],
    formation: Formation,
    make_volunteer: MakeVolunteer,
    noon: datetime,
    at: datetime,
    lacking: CredentialKind,
    how: str,
) -> None:
    fit, unfit = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    held = Credential.objects.filter(volunteer=unfit, kind=lacking)
    if how == "missing":
        held.delete()
    else:
        changes = {"ends before": {"valid_until": noon}, "begins after": {"valid_from": noon + timedelta(1)}}
        held.update(**changes.get(how, {"revoked_at": at}))

    assert asked(call(category="rescue")) == {fit.number}
    assert asked(call()) == {fit.number, unfit.number}


def test_rule_3_an_acceptance_counts_when_the_risk_notice_was_acknowledged(
    call: Callable[..., Task], volunteer: User, at: datetime
) -> None:
    task = call(category="rescue")

    with pytest.raises(dispatch.RiskNotAcknowledged):
        reply(task, volunteer.volunteer, at)
    assert reply(task, volunteer.volunteer, at, risk_acknowledged=True) == "accepted"
    assert Assignment.objects.get(task=task).risk_acknowledged_at == at


def test_rule_3_whose_insurance_was_revoked_since_cannot_accept_but_may_decline(
    call: Callable[..., Task], volunteer: User, at: datetime
) -> None:
    task = call(category="rescue")
    Credential.objects.filter(volunteer__user=volunteer, kind="insurance").update(revoked_at=at)

    with pytest.raises(dispatch.CredentialsMissing):
        reply(task, volunteer.volunteer, at, risk_acknowledged=True)
    assert reply(task, volunteer.volunteer, at, answer="decline") == "declined"


def test_rule_3_whose_insurance_was_revoked_since_does_not_move_up_from_the_reserve(
    call: Callable[..., Task], formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(4)]
    task = call(category="rescue", headcount=2)
    states = [
        reply(task, person, at + timedelta(seconds=n), risk_acknowledged=True)
        for n, person in enumerate(people)
    ]
    assert states == ["accepted", "accepted", "reserve", "reserve"]
    Credential.objects.filter(volunteer=people[2], kind="insurance").update(revoked_at=at)

    reply(task, people[0], at + timedelta(seconds=9), answer="decline")
    assert status_of(task, people[2:]) == ["reserve", "accepted"]
    reply(task, people[1], at + timedelta(seconds=10), answer="decline")
    assert status_of(task, people[2:]) == ["reserve", "accepted"]


def test_rule_2_whose_guardian_no_longer_agrees_does_not_move_up_from_the_reserve(
    call: Callable[..., Task], formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    adult, minor = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a, adult=False)
    task = call(headcount=1)
    assert [reply(task, person, at) for person in (adult, minor)] == ["accepted", "reserve"]
    Guardian.objects.filter(volunteer=minor).update(withdrawn_at=at)
    again = Answer(task.pk, AnswerIn(answer="accept"), minor.user, at)
    gives_back = Answer(task.pk, AnswerIn(answer="decline"), adult.user, at)

    dispatch.answer_offers([again, gives_back])

    assert status_of(task, [adult, minor]) == ["declined", "reserve"]


# --- 4 ------------------------------------------------------------------------------------------------------------


def test_rule_4_whoever_has_not_agreed_is_not_tracked_and_is_told(
    formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    person = make_volunteer(formation.squadron_a, consents=False, on_duty=False)

    assert not set_duty(on=True, by=person.user, at=at).tracked
    assert report(person, at, at) == "no_consent"
    assert not Fix.objects.exists()


def test_rule_4_people_are_told_whether_they_are_located(
    call: Callable[..., Task], volunteer: User, commander: User, at: datetime, published: Published
) -> None:
    """`tracked` agrees with what becomes of a report, on duty, on a task, and with a legal basis."""
    person, minute = volunteer.volunteer, timedelta(minutes=1)
    moments = (at + n * 3 * minute for n in count())
    basis = LegalBasisIn(legal_basis=LegalBasis.VITAL_INTERESTS, reason="A child is missing")

    def tracked(moment: datetime) -> bool:
        later = moment + minute
        says = own_duty(volunteer, at=later).tracked
        assert me_of(volunteer, at=later).duty.tracked == says
        assert (report(person, later, later) == "accepted") == says
        return says

    task = call(starts_at=at + timedelta(hours=2))
    assert tracked(next(moments))
    set_duty(on=False, by=volunteer, at=(now := next(moments)))
    assert not tracked(now)
    reply(task, person, now := next(moments))
    assert tracked(now)
    set_duty(on=True, by=volunteer, at=(now := next(moments)))
    assert set_duty(on=False, by=volunteer, at=now).tracked
    assert tracked(now)
    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=(now := next(moments)))
    assert not tracked(now)
    duties = published(person.topic, "duty.changed")
    assert [data["duty"]["tracked"] for _, _, data in duties[-2:]] == [True, False]
    dispatch.name_legal_basis(task_id=task.pk, wanted=basis, by=commander, at=(now := next(moments)))
    assert tracked(now)


def test_rule_4_a_consent_to_an_older_version_is_none(volunteer: User, at: datetime) -> None:
    Volunteer.objects.filter(user=volunteer).update(location_consent_version=0)

    assert report(volunteer.volunteer, at, at) == "no_consent"


def test_rule_4_a_person_who_is_woken_is_located_from_the_own_acceptance_on(
    call: Callable[..., Task], formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    woken, refusing = (make_volunteer(formation.squadron_a, on_duty=False) for _ in range(2))
    hours = {"start": "00:00", "end": "24:00"}
    consents = [{"categories": ["patrol"], **hours}]
    for person, refused in ((woken, []), (refusing, [hours])):
        wanted = WakingIn.model_validate({"consents": consents, "refused_hours": refused})
        say_waking(wanted=wanted, by=person.user, at=at)

    task = call(severity="life_at_stake")

    assert asked(task) == {woken.number}
    before, after = at + timedelta(seconds=1), at + timedelta(seconds=3)
    assert [report(person, before, before) for person in (woken, refusing)] == ["off_duty", "off_duty"]
    assert Fix.objects.count() == 0
    reply(task, woken, at + timedelta(seconds=2))
    in_time = task.starts_at
    assert (report(woken, in_time, in_time), report(refusing, after, after)) == ("accepted", "off_duty")


def test_rule_4_withdrawal_stops_tracking_at_once_on_duty_and_on_a_task(
    call: Callable[..., Task], volunteer: User, at: datetime
) -> None:
    person = volunteer.volunteer
    reply(call(starts_at=at + timedelta(hours=2)), person, at)
    assert report(person, at, at) == "accepted"
    soon = at + timedelta(minutes=5)

    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=soon)

    assert scope_of(person) == ""
    assert report(person, soon + timedelta(seconds=1), soon + timedelta(seconds=1)) == "no_consent"
    assert report(person, at + timedelta(minutes=1), soon + timedelta(seconds=2)) == "no_consent"
    assert Fix.objects.count() == 1


def test_rule_4_what_was_recorded_between_withdrawal_and_a_new_consent_is_never_stored(
    volunteer: User, at: datetime
) -> None:
    person, minute = volunteer.volunteer, timedelta(minutes=1)
    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=at + minute)
    version = current_version(Purpose.LOCATION)
    again = at + 3 * minute
    give_consent(purpose=Purpose.LOCATION, version=version, by=volunteer, at=again)

    later = at + 10 * minute
    assert report(person, at + 2 * minute, later) == "no_consent"
    assert report(person, again - timedelta(seconds=1), later) == "no_consent"
    assert report(person, again, later) == "accepted"
    set_duty(on=False, by=volunteer, at=later)
    assert report(person, at + 2 * minute, later + minute) == "no_consent"
    assert report(person, again + minute, later + minute) == "accepted"


def test_rule_4_whoever_is_suspended_or_retires_on_a_task_is_tracked_no_more(
    call: Callable[..., Task], volunteer: User, leader: User, at: datetime
) -> None:
    person, number = volunteer.volunteer, f"{volunteer.volunteer.number:08d}"
    minute = timedelta(minutes=1)
    task = call(starts_at=at + 5 * minute, answer_by=at + 4 * minute)
    reply(task, person, at)
    suspend(number=number, reason="Drunk", by=leader, at=at + 10 * minute)
    later = at + 12 * minute

    assert report(person, later, later) == "off_duty"
    assert report(person, at + 9 * minute, later) == "accepted"
    retire(number=number, by=volunteer, at=at + 15 * minute)
    later = at + 17 * minute
    assert report(person, later, later) == "off_duty"


def test_rule_4_a_report_stored_after_the_withdrawal_is_taken_off_the_map(
    volunteer: User, at: datetime
) -> None:
    person = volunteer.volunteer
    report(person, at, at)
    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=at)
    LatestPosition.objects.update(scope="0001")  # a batch that was judged before

    tick(at=at + timedelta(seconds=5))

    assert scope_of(person) == ""


def test_rule_4_every_look_is_logged_and_the_person_sees_it(
    call: Callable[..., Task], volunteer: User, commander: User, client_of: ClientOf
) -> None:
    task = call()
    client = client_of(commander)

    for _ in range(2):
        client.get(f"/api/v1/tasks/{task.pk}/recipients")

    looks = client_of(volunteer).get("/api/v1/me/looks").json()["items"]
    assert [(look["what"], look["viewer"]) for look in looks] == [
        ("phone", f"{commander.volunteer.number:08d}")
    ]


# --- 5 ------------------------------------------------------------------------------------------------------------


def test_rule_5_the_clock_deletes_no_service_record_within_ten_years(
    call: Callable[..., Task], volunteer: User, at: datetime
) -> None:
    task = call()
    reply(task, volunteer.volunteer, at)
    acts = Entry.objects.count()

    for years in (1, 5, 10):
        keep_to_limits(at=at + timedelta(days=366 * years))

    assert Assignment.objects.get(task=task).status == "accepted"
    assert Entry.objects.count() == acts


# --- 6 ------------------------------------------------------------------------------------------------------------


def test_rule_6_phones_are_masked_by_role(
    formation: Formation, volunteer: User, leader: User, commander: User, client_of: ClientOf, at: datetime
) -> None:
    unit, number = formation.squadron_a, f"{volunteer.volunteer.number:08d}"

    def in_export(viewer: User) -> str:
        (portion,) = exported_people(unit, viewer, at=at)
        return next(line.phone for line in portion if line.number == number)

    def on_roster(viewer: User) -> str:
        rows = client_of(viewer).get(f"/api/v1/units/{unit.number}/roster").json()["items"]
        return str(next(row["phone"] for row in rows if row["number"] == number))

    masked = f"{volunteer.phone[:3]}****{volunteer.phone[-4:]}"
    assert [in_export(viewer) for viewer in (leader, commander)] == [volunteer.phone, masked]
    assert [on_roster(viewer) for viewer in (leader, commander)] == [volunteer.phone, masked]


# --- 7 ------------------------------------------------------------------------------------------------------------


def test_rule_7_everybody_takes_out_what_is_kept_of_them(
    call: Callable[..., Task], volunteer: User, at: datetime
) -> None:
    task = call()
    report(volunteer.volunteer, at, at)

    whole = export_of(volunteer, at=at)

    assert isinstance(whole["profile"], dict)
    assert whole["profile"]["phone"] == volunteer.phone
    assert [part["task"] for part in whole["assignments"]] == [str(task.pk)]  # type: ignore[union-attr, index, call-overload]
    assert whole["tracks"]["days"] == [{"day": str(at.date()), "fixes": 1}]  # type: ignore[index, call-overload]


def test_rule_7_deletion_leaves_service_records_that_lead_to_nobody(
    call: Callable[..., Task], volunteer: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    number, task, client = volunteer.volunteer.number, call(), client_of(volunteer)
    reply(task, volunteer.volunteer, at)
    report(volunteer.volunteer, at, at)
    with pytest.raises(dispatch.StillOnTask):
        erase_person(by=volunteer, at=at)
    reply(task, volunteer.volunteer, at + timedelta(seconds=9), answer="decline", reason="My knee")
    assert any("My knee" in str(data) for _, _, data in published(task.topic))

    erase_person(by=volunteer, at=at)

    gone = Volunteer.objects.select_related("user").get(number=number)
    assert (gone.name, gone.born_on, gone.user.phone, gone.erased_at) == ("", None, "", at)
    assert (gone.user.phone_key, gone.user.is_active, gone.user.has_usable_password()) == (None, False, False)
    assert not Membership.objects.filter(volunteer=gone).exists()
    assert not Fix.objects.filter(person=number).exists()
    kept = Assignment.objects.get(task=task, volunteer=gone)
    assert (kept.status, kept.reason) == ("declined", "")
    assert not any("My knee" in str(data) for _, _, data in published)
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.postgres
def test_rule_7_whoever_accepts_while_being_deleted_is_either_on_the_task_or_gone(
    race: Race, call: Callable[..., Task], formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(5)]
    task = call()
    acts: list[Callable[[], Any]] = []
    for person in people:
        acts += [partial(reply, task, person, at), partial(erase_person, by=person.user, at=at)]

    results = race(*acts)

    for person, accepted, erased in zip(people, results[::2], results[1::2], strict=True):
        on_it = isinstance(erased, dispatch.StillOnTask)
        assert (accepted == "accepted", isinstance(accepted, (NotFound, NotInService))) == (
            on_it,
            not on_it,
        )
        person.refresh_from_db()
        assert (person.erased_at is None) == on_it


# --- 8 ------------------------------------------------------------------------------------------------------------


def test_rule_8_where_life_is_at_stake_a_commander_names_the_basis_and_it_stands_on_record(
    call: Callable[..., Task],
    formation: Formation,
    make_volunteer: MakeVolunteer,
    leader: User,
    commander: User,
    published: Published,
    at: datetime,
) -> None:
    person = make_volunteer(formation.squadron_a, consents=False)
    task = call(starts_at=at + timedelta(hours=2))
    Task.objects.filter(pk=task.pk).update(unit=formation.squadron_a)
    reply(task, person, at)
    basis = LegalBasisIn(legal_basis=LegalBasis.VITAL_INTERESTS, reason="A child is missing")
    assert report(person, at, at) == "no_consent"

    with pytest.raises(NotAllowed):
        dispatch.name_legal_basis(task_id=task.pk, wanted=basis, by=leader, at=at)
    dispatch.name_legal_basis(task_id=task.pk, wanted=basis, by=commander, at=at)

    assert report(person, at + timedelta(minutes=2), at + timedelta(minutes=2)) == "accepted"
    told = {"task": str(task.pk), "revision": 2, "legal_basis": "vital_interests"}
    topic = formation.squadron_a.topic
    assert published(topic, "task.legal_basis_named") == [(topic, "task.legal_basis_named", told)]
    entry = Entry.objects.get(act="task.legal_basis_named")
    assert (entry.subject, entry.by_id) == (task.topic, commander.pk)
    assert entry.details["legal_basis"] == "vital_interests"
    assert entry.details["reason"] == "A child is missing"
    assert entry.post == f"commander@{formation.detachment.number}"
    dispatch.cancel_task(task_id=task.pk, reason="Found", by=commander, at=at + timedelta(minutes=3))
    assert topics.taking_part([person.number], at + timedelta(minutes=3)) == {}
    assert not AccessEntry.objects.exists()
