"""Dangerous service rests on own papers, or on collective ones of the task's occasion that hold when it starts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import User
from backend.dispatch.models import Assignment, Task
from backend.dispatch.services.refusals import (
    CredentialsMissing,
    ForAdultsOnly,
    NobodyToAsk,
    RiskNotAcknowledged,
)
from backend.lib.errors import NotFound
from backend.papers.models import Line, Occasion
from backend.papers.services.occasions import close_occasion
from backend.papers.services.policies import end_policy
from backend.realtime.clock import tick
from backend.volunteers.models import Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.papers.conftest import Desks, MakeOccasion, MakeRescue

Crowd = Callable[[int], list[Volunteer]]
Call = Callable[[Task], set[int]]
Accept = Callable[..., Assignment]
pytestmark = pytest.mark.django_db


def test_five_hundred_adults_without_papers_are_sent_after_four_desks_and_a_minor_is_not(
    occasion: Occasion,
    desks: Desks,
    make_desk: Callable[[Occasion], User],
    make_occasion: MakeOccasion,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    crowd: Crowd,
    rescue: MakeRescue,
    call: Call,
    commander: User,
    at: datetime,
) -> None:
    people = crowd(500)
    minor = make_volunteer(formation.squadron_a, adult=False)
    four = [make_desk(occasion) for _ in range(4)]
    policy = desks.policy(places=501)
    for start, end in ((0, 200), (200, 400), (400, 500)):
        batch = people[start:end]
        desks.insure(four[0], batch, policy)
        desks.brief(four[1], batch)
        desks.sign(four[2], batch)
        desks.attest(four[3], batch)
    # All that desks could do for the minor too, but for attesting the age: that is refused.
    desks.insure(four[0], [minor], policy)
    desks.brief(four[1], [minor])
    desks.sign(four[2], [minor])

    assert call(rescue(occasion)) == {one.pk for one in people}

    another = make_occasion(name="另一次")
    with pytest.raises(NobodyToAsk) as refused:
        call(rescue(another))
    assert "501 on duty or available then by plan, 0 proven to be adults" in refused.value.detail
    with pytest.raises(NobodyToAsk):
        call(rescue(None))


@pytest.mark.parametrize("lacking", ["insure", "brief", "sign", "attest"])
def test_each_of_the_four_papers_is_needed(
    lacking: str, occasion: Occasion, desks: Desks, desk: User, crowd: Crowd, rescue: MakeRescue, call: Call
) -> None:
    whole, without = crowd(2)
    for enter in ("insure", "brief", "sign", "attest"):
        getattr(desks, enter)(desk, [whole] if enter == lacking else [whole, without])

    assert call(rescue(occasion)) == {whole.pk}


def test_own_and_collective_papers_complete_each_other(
    occasion: Occasion,
    desks: Desks,
    desk: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    rescue: MakeRescue,
    call: Call,
) -> None:
    """An adult by date of birth with own papers needs no desk; one whose insurance has ended needs that alone."""
    complete, ended = (make_volunteer(formation.squadron_a) for _ in range(2))
    ended.credentials.filter(kind="insurance").delete()
    first = rescue(occasion)
    assert call(first) == {complete.pk}

    desks.insure(desk, [ended])

    assert call(first) == {ended.pk}


@pytest.mark.parametrize("refusing", ["closed", "over", "policy ended", "policy over", "too early"])
def test_what_has_ended_or_not_begun_counts_no_more(
    refusing: str,
    occasion: Occasion,
    desks: Desks,
    desk: User,
    crowd: Crowd,
    rescue: MakeRescue,
    call: Call,
    commander: User,
    at: datetime,
) -> None:
    people = crowd(2)
    ends = {
        "policy over": {"until_at": at + timedelta(hours=1)},
        "too early": {"from_at": at + timedelta(hours=3)},
    }
    policy = desks.policy(**ends.get(refusing, {}))
    desks.insure(desk, people, policy)
    desks.brief(desk, people)
    desks.sign(desk, people)
    desks.attest(desk, people)
    task = rescue(occasion)
    match refusing:
        case "closed":
            close_occasion(occasion_id=occasion.pk, by=commander, at=at)
        case "over":
            Occasion.objects.filter(pk=occasion.pk).update(until_at=task.starts_at)
        case "policy ended":
            end_policy(policy_id=policy.pk, by=commander, at=at)

    with pytest.raises(NobodyToAsk):
        call(task)


def test_who_was_asked_in_time_cannot_accept_after_the_closing(
    occasion: Occasion,
    desks: Desks,
    desk: User,
    crowd: Crowd,
    rescue: MakeRescue,
    call: Call,
    accept: Accept,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    one, other = crowd(2)
    born = make_volunteer(formation.squadron_a, papers=False)
    desks.everything(desk, [one, other, born])
    task = rescue(occasion)
    call(task)
    assert accept(task, one).status == "accepted"

    close_occasion(occasion_id=occasion.pk, by=commander, at=at)

    with pytest.raises(ForAdultsOnly):
        accept(task, other)
    with pytest.raises(CredentialsMissing):
        accept(task, born)


def test_a_policy_of_a_unit_insures_in_its_tasks_and_below_and_nowhere_else(
    occasion: Occasion,
    desks: Desks,
    desk: User,
    crowd: Crowd,
    formation: Formation,
    rescue: MakeRescue,
    call: Call,
) -> None:
    above, beside = crowd(2)
    for unit, person in ((formation.brigade, above), (formation.other_brigade, beside)):
        policy = desks.policy(unit=unit.number, occasion=None, places=None)
        desks.insure(desks.commander, [person], policy)
    desks.brief(desk, [above, beside])
    desks.sign(desk, [above, beside])
    desks.attest(desk, [above, beside])

    assert call(rescue(occasion)) == {above.pk}


def test_a_policy_of_a_unit_counts_without_an_occasion(
    desks: Desks, formation: Formation, make_volunteer: MakeVolunteer, rescue: MakeRescue, call: Call
) -> None:
    insured, bare = (make_volunteer(formation.squadron_a) for _ in range(2))
    for one in (insured, bare):
        one.credentials.filter(kind="insurance").delete()
    desks.insure(desks.commander, [insured], desks.policy(unit=formation.brigade.number, occasion=None))

    assert call(rescue(None)) == {insured.pk}


@pytest.mark.parametrize("signed", [True, False])
def test_the_notice_of_the_risks_counts_for_those_who_signed_it_or_say_yes(
    signed: bool,
    occasion: Occasion,
    desks: Desks,
    desk: User,
    crowd: Crowd,
    rescue: MakeRescue,
    call: Call,
    accept: Accept,
) -> None:
    (one,) = crowd(1)
    desks.everything(desk, [one], with_risk_notice=signed)
    task = rescue(occasion)
    call(task)

    if not signed:
        with pytest.raises(RiskNotAcknowledged):
            accept(task, one, risk=False)
    assert accept(task, one, risk=not signed).status == "accepted"


def test_a_date_of_birth_that_turns_up_voids_the_attested_age_and_takes_the_offers_back(
    occasion: Occasion,
    desks: Desks,
    desk: User,
    crowd: Crowd,
    rescue: MakeRescue,
    call: Call,
    accept: Accept,
    at: datetime,
) -> None:
    offered, accepted, adult = crowd(3)
    desks.everything(desk, [offered, accepted, adult])
    task = rescue(occasion, headcount=1)
    call(task)
    accept(task, accepted)
    accept(task, adult)
    young, old = at.date() - timedelta(days=16 * 365), date(1980, 1, 1)
    Volunteer.objects.filter(pk__in=[offered.pk, accepted.pk]).update(born_on=young)
    Volunteer.objects.filter(pk=adult.pk).update(born_on=old)

    with pytest.raises(ForAdultsOnly):  # at once, whatever the clock has done
        accept(task, offered)
    tick(at=at + timedelta(minutes=2))

    parts = dict(task.assignments.values_list("volunteer", "status"))
    assert parts == {offered.pk: "declined", accepted.pk: "declined", adult.pk: "accepted"}
    ages = Line.objects.filter(kind="adulthood")
    assert {line.volunteer_id for line in ages if line.voided_at} == {offered.pk, accepted.pk}


def test_work_at_night_is_offered_to_attested_adults(
    occasion: Occasion, desks: Desks, desk: User, crowd: Crowd, rescue: MakeRescue, call: Call, at: datetime
) -> None:
    attested, _ = crowd(2)
    desks.attest(desk, [attested])
    night = (at + timedelta(days=1)).replace(hour=15)  # 23:00 in China

    assert call(rescue(occasion, category="patrol", starts_at=night)) == {attested.pk}


def test_a_call_out_of_an_occasion_takes_as_many_queries_as_any_other(
    occasion: Occasion,
    desks: Desks,
    desk: User,
    crowd: Crowd,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    rescue: MakeRescue,
    call: Call,
) -> None:
    def queries(task: Task) -> int:
        with CaptureQueriesContext(connection) as counted:
            call(task)
        return len(counted)

    make_volunteer(formation.squadron_a)
    queries(rescue(None))  # what is read once for a process
    without = queries(rescue(None))
    in_occasion = rescue(occasion)
    desks.everything(desk, crowd(30))

    assert queries(in_occasion) == without


@pytest.mark.parametrize("unit", ["brigade", "other_brigade"])
def test_a_task_names_an_occasion_of_its_own_unit_or_of_one_above(
    unit: str, formation: Formation, make_occasion: MakeOccasion, rescue: MakeRescue
) -> None:
    place: Unit = getattr(formation, unit)
    occasion = make_occasion(place)

    if unit == "brigade":
        assert rescue(occasion).occasion_id == occasion.pk
    else:
        with pytest.raises(NotFound):
            rescue(occasion)
