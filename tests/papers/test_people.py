"""What becomes of collective papers when records are merged, and people export or delete what is kept of them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.errors import Invalid
from backend.papers.models import Briefing, Line
from backend.privacy.queries import export_of
from backend.privacy.services.own_data import erase_person
from backend.privacy.services.retention import keep_to_limits
from backend.realtime.clock import tick
from backend.volunteers.models import Volunteer
from backend.volunteers.services.merging import merge_volunteers
from tests.conftest import Formation, MakeVolunteer
from tests.papers.conftest import Desks

Crowd = Callable[[int], list[Volunteer]]
pytestmark = pytest.mark.django_db


def test_the_export_has_the_papers_that_name_a_person_and_the_briefings_given(
    desks: Desks, desk: User, volunteer: User, at: datetime
) -> None:
    desks.everything(desk, [volunteer.volunteer])

    papers: Any = export_of(volunteer, at=at)["collective_papers"]
    assert {line["kind"] for line in papers["lines"]} == {"insurance", "training", "agreement", "adulthood"}
    assert {line["document"] for line in papers["lines"]} == {"", "identity_card"}
    assert papers["briefings"] == []
    given: Any = export_of(desks.commander, at=at)["collective_papers"]
    assert [line["minutes"] for line in given["briefings"]] == [20]


def test_a_person_who_deletes_everything_leaves_lines_by_number_without_the_document(
    desks: Desks, desk: User, volunteer: User, at: datetime
) -> None:
    desks.attest(desk, [volunteer.volunteer])

    erased = erase_person(by=volunteer, at=at)

    assert any("lists signed" in kept for kept in erased.kept)
    assert list(Line.objects.values_list("volunteer", "document")) == [(volunteer.volunteer.pk, "")]


def test_a_record_that_is_merged_gives_its_lines_and_takes_no_second_place(
    desks: Desks,
    desk: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    kept, gone = (make_volunteer(formation.squadron_a, name="王秀兰", on_duty=False) for _ in range(2))
    policy = desks.policy(places=2)
    desks.insure(desk, [kept, gone], policy)
    desks.brief(desk, [gone])
    desks.brief(desk, [kept], trainer=f"{gone.number:08d}")

    merge_volunteers(kept=kept.number, duplicate=gone.number, by=commander, at=at)

    assert set(Line.objects.values_list("volunteer", flat=True)) == {kept.pk}
    assert policy.lines.count() == 1
    assert set(Briefing.objects.values_list("trainer", flat=True)) == {commander.volunteer.pk, kept.pk}


def test_a_number_that_no_person_has_any_more_is_not_entered(
    desks: Desks, desk: User, volunteer: User, at: datetime
) -> None:
    erase_person(by=volunteer, at=at)

    with pytest.raises(Invalid):
        desks.attest(desk, [volunteer.volunteer])


def test_the_clock_voids_ages_of_minors_once_and_leaves_others(
    desks: Desks, desk: User, crowd: Crowd, at: datetime
) -> None:
    minor, adult, unknown = crowd(3)
    desks.attest(desk, [minor, adult, unknown])
    desks.brief(desk, [minor])
    Volunteer.objects.filter(pk=minor.pk).update(born_on=at.date() - timedelta(days=17 * 365))
    Volunteer.objects.filter(pk=adult.pk).update(born_on=date(1990, 1, 1))

    for minutes in (2, 4):
        tick(at=at + timedelta(minutes=minutes))

    voided = Line.objects.exclude(voided_at=None)
    assert [(line.volunteer_id, line.kind) for line in voided] == [(minor.pk, "adulthood")]
    assert [line.details for line in Entry.objects.filter(act="adulthood.voided")] == [{"count": 1}]


def test_papers_are_kept_ten_years_after_their_occasion(desks: Desks, desk: User, crowd: Crowd) -> None:
    desks.everything(desk, crowd(2))
    ten_years = timedelta(days=3_650)

    keep_to_limits(at=desks.occasion.until_at + ten_years)
    assert Line.objects.count() == 8
    keep_to_limits(at=desks.occasion.until_at + ten_years + timedelta(seconds=1))
    assert Line.objects.count() == 0
