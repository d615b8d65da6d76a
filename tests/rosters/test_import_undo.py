"""Undoing an import: everybody goes, unless something depends on somebody."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.services.devices import register_page_device
from backend.accounts.services.languages import choose_language
from backend.audit.models import Entry
from backend.privacy.services.own_data import erase_person
from backend.rosters.models import Newcomer, RosterImport
from backend.rosters.services import imports
from backend.rosters.services.import_worker import work_on
from backend.rosters.services.imports import (
    ImportNotReady,
    SomethingDepends,
    receive_import,
    start_import,
    undo_import,
)
from backend.volunteers import services
from backend.volunteers.models import AccessEntry, Membership, Role, Standing, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.rosters.files import HEADINGS, csv_file, people

pytestmark = pytest.mark.usefixtures("imports_folder")


def received(path: Path, formation: Formation, at: datetime) -> RosterImport:
    return receive_import(
        id=uuid7(), unit=formation.brigade, name="Autumn", path=path, file_name="x", by=None, at=at
    )


def test_undo_takes_everybody_out_and_numbers_are_not_given_again(
    bring: Any, tmp_path: Path, at: datetime, make_volunteer: MakeVolunteer, formation: Formation
) -> None:
    make_volunteer(formation.squadron_a)
    path = csv_file(tmp_path, [HEADINGS, *[[*line, "", "急救"] for line in people(5)]])
    batch = bring(path)
    numbers = set(Volunteer.objects.filter(batch_id=batch.pk).values_list("number", flat=True))

    undo_import(import_id=batch.pk, by=None, at=at)
    batch = work_on(batch.pk)

    assert batch.status == "undone"
    assert Volunteer.objects.count() == User.objects.count() == Membership.objects.count() == 1
    again = bring(path)
    assert not numbers & set(Volunteer.objects.filter(batch_id=again.pk).values_list("number", flat=True))
    acts = Entry.objects.filter(subject=batch.subject).order_by("pk").values_list("act", flat=True)
    assert list(acts) == [
        *("roster.received", "roster.checked", "roster.started", "roster.imported"),
        *("roster.undone", "roster.taken-out"),
    ]


def _duty(person: Volunteer, formation: Formation, at: datetime) -> None:
    services.set_duty(on=True, until=None, by=person.user, at=at)


def _post(person: Volunteer, formation: Formation, at: datetime) -> None:
    services.appoint(volunteer=person, unit=formation.brigade, role=Role.LEADER, by=None, at=at)


def _password(person: Volunteer, formation: Formation, at: datetime) -> None:
    person.user.set_password("secret words")
    person.user.save()


def _device(person: Volunteer, formation: Formation, at: datetime) -> None:
    register_page_device(user=person.user, name="browser", at=at)


def _language(person: Volunteer, formation: Formation, at: datetime) -> None:
    choose_language(language="en", by=person.user, at=at)


def _other_unit(person: Volunteer, formation: Formation, at: datetime) -> None:
    Membership.objects.create(volunteer=person, unit=formation.squadron_c)


def _standing(person: Volunteer, formation: Formation, at: datetime) -> None:
    Volunteer.objects.filter(pk=person.pk).update(standing=Standing.RETIRED)


@pytest.mark.parametrize("act", [_duty, _post, _password, _device, _language, _other_unit, _standing])
def test_undo_is_refused_when_something_depends(
    bring: Any, tmp_path: Path, formation: Formation, at: datetime, act: Any
) -> None:
    batch = bring(csv_file(tmp_path, [HEADINGS[:2], *people(3)]))
    act(Volunteer.objects.filter(batch_id=batch.pk)[1], formation, at)

    with pytest.raises(SomethingDepends, match=": 1"):
        undo_import(import_id=batch.pk, by=None, at=at)

    assert Volunteer.objects.filter(batch_id=batch.pk).count() == 3
    batch.refresh_from_db()
    assert batch.status == "imported"


def test_whoever_has_looked_at_the_people_can_still_undo(
    bring: Any, tmp_path: Path, formation: Formation, commander: User, client_of: Any, at: datetime
) -> None:
    """That it was the wrong file is seen in the roster."""
    batch = bring(csv_file(tmp_path, [HEADINGS[:2], *people(3)]))
    assert client_of(commander).get(f"/api/v1/units/{formation.brigade.number}/roster").status_code == 200
    assert AccessEntry.objects.count() == 3

    undo_import(import_id=batch.pk, by=None, at=at)

    assert work_on(batch.pk).status == "undone"
    assert not Volunteer.objects.filter(batch_id=batch.pk).exists()


def test_undo_that_comes_too_late_leaves_all_there(
    bring: Any, tmp_path: Path, formation: Formation, at: datetime
) -> None:
    batch = bring(csv_file(tmp_path, [HEADINGS[:2], *people(3)]))
    undo_import(import_id=batch.pk, by=None, at=at)
    _device(Volunteer.objects.filter(batch_id=batch.pk)[1], formation, at)

    batch = work_on(batch.pk)

    assert batch.status == "imported"
    assert "device: 1" in batch.failure
    assert Volunteer.objects.filter(batch_id=batch.pk).count() == 3


def test_what_was_not_started_is_forgotten_after_a_week(
    formation: Formation, at: datetime, tmp_path: Path
) -> None:
    batch = received(csv_file(tmp_path, [HEADINGS[:2], *people(3)]), formation, at)
    work_on(batch.pk)

    assert imports.forget_unstarted(at=at + timedelta(days=6)) == 0
    assert imports.forget_unstarted(at=at + timedelta(days=8)) == 1

    batch.refresh_from_db()
    assert batch.status == "undone"
    assert not Newcomer.objects.exists()
    with pytest.raises(ImportNotReady):
        start_import(
            import_id=RosterImport.objects.create(
                id=uuid7(), unit=formation.brigade, made_at=at, file_size=0, status="failed"
            ).pk,
            skip_rejected=True,
            by=None,
            at=at,
        )


def test_a_batch_is_not_undone_after_somebody_deleted_what_is_kept_of_them(
    bring: Any, tmp_path: Path, at: datetime
) -> None:
    batch = bring(csv_file(tmp_path, [HEADINGS[:2], *people(3)]))
    person = Volunteer.objects.filter(batch_id=batch.pk).select_related("user").first()
    assert person is not None

    erase_person(by=person.user, at=at)

    person.refresh_from_db()
    assert (person.name, person.id_card_sealed, person.user.phone_tail_key) == ("", "", "")
    assert not Newcomer.objects.exists()
    with pytest.raises(SomethingDepends):
        undo_import(import_id=batch.pk, by=None, at=at)
