"""Deletion of one's own data leaves nothing that leads to the person, whatever they were and had."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from uuid6 import uuid7

from backend.accounts.models import Device, Invitation, SecondFactor, User
from backend.badges.models import Badge, Photo
from backend.badges.services import keep_photo
from backend.joining.models import Application, ApplicationStatus, Transfer, TransferStatus
from backend.joining.schemas import TransferIn
from backend.joining.services import transfers
from backend.lib.errors import NotFound
from backend.numbers.services.walk_ins import register_walk_in
from backend.privacy.queries import export_of
from backend.privacy.services.own_data import erase_person
from backend.realtime.clock import tick
from backend.realtime.models import Event
from backend.tracking.models import Fix, LatestPosition, Tracker
from backend.volunteers import services
from backend.volunteers.models import (
    Consent,
    Credential,
    Guardian,
    Post,
    Role,
    Standing,
    Volunteer,
)
from backend.volunteers.schemas.privacy import GuardianIn
from backend.volunteers.services.guardians import record_guardian
from backend.volunteers.services.life_numbers import give_life_number
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.standing import reinstate, suspend
from tests.builders import ApplicationFactory, CredentialFactory
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def left_of(person: Volunteer) -> tuple[object, ...]:
    """Return what the rows of a person still say of who that was."""
    row = Volunteer.objects.select_related("user").get(pk=person.pk)
    user = row.user
    phone = (user.phone_sealed, user.phone_key, user.phone_tail_key)
    return row.name, row.born_on, row.id_card_sealed, row.id_card_key, row.standing_reason, *phone


NOTHING = ("", None, "", None, "", "", None, "")


def test_nothing_of_the_phone_and_of_what_others_wrote_is_left(
    volunteer: User, leader: User, at: datetime
) -> None:
    number = f"{volunteer.volunteer.number:08d}"
    suspend(number=number, reason="Quarrels with everybody", until=None, by=leader, at=at)
    reinstate(number=number, by=leader, at=at)
    suspend(number=number, reason="Quarrels again", until=None, by=leader, at=at)

    erase_person(by=User.objects.get(pk=volunteer.pk), at=at)

    assert left_of(volunteer.volunteer) == NOTHING


def test_deputies_who_stood_in_for_a_leader_end_with_the_leader(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    post = Post.objects.get(volunteer=leader.volunteer)
    services.appoint(
        volunteer=volunteer.volunteer,
        unit=formation.squadron_a,
        role=Role.DEPUTY,
        until=at + timedelta(days=9),
        acting_for=post,
        by=None,
        at=at,
    )

    erase_person(by=leader, at=at + timedelta(hours=1))

    ends = Post.objects.order_by("pk").values_list("until_at", flat=True)
    assert list(ends) == [at + timedelta(hours=1)] * 2


def test_a_post_that_has_not_begun_never_does(volunteer: User, formation: Formation, at: datetime) -> None:
    begins = at + timedelta(days=3)
    services.appoint(
        volunteer=volunteer.volunteer,
        unit=formation.squadron_a,
        role=Role.DEPUTY,
        since=begins,
        by=None,
        at=at,
    )

    erase_person(by=volunteer, at=at)

    assert Post.objects.get().until_at == begins


def test_nobody_is_transferred_after_deletion(
    volunteer: User, leader: User, sibling_leader: User, formation: Formation, at: datetime
) -> None:
    wanted = TransferIn(
        id=uuid7(),
        volunteer=f"{volunteer.volunteer.number:08d}",
        from_unit=formation.squadron_a.number,
        to_unit=formation.squadron_b.number,
    )
    transfers.propose_transfer(wanted=wanted, by=leader, at=at)

    erase_person(by=volunteer, at=at)

    assert Transfer.objects.get().status == TransferStatus.WITHDRAWN


def test_applications_with_the_phone_go_too(volunteer: User, formation: Formation, at: datetime) -> None:
    for status in (ApplicationStatus.PENDING, ApplicationStatus.REJECTED):
        ApplicationFactory.create(
            unit=formation.squadron_b,
            name=volunteer.volunteer.name,
            phone=volunteer.phone,
            born_on=at.date(),
            at=at,
            status=status,
        )

    assert len(export_of(volunteer, at=at)["joining"]["applications"]) == 2  # type: ignore[index, call-overload, arg-type]
    erase_person(by=volunteer, at=at)

    assert not Application.objects.exclude(name="", phone_sealed="", phone_key="", born_on=None).exists()


def test_a_record_that_was_merged_goes_with_the_one_that_was_kept(
    formation: Formation, make_volunteer: MakeVolunteer, commander: User, at: datetime
) -> None:
    kept = make_volunteer(formation.squadron_a)
    duplicate = make_volunteer(formation.squadron_b, adult=False)
    CredentialFactory.create(volunteer=duplicate, reference="T-1", valid_from=at)
    merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=commander, at=at)

    erase_person(by=User.objects.get(pk=kept.user_id), at=at)

    assert (left_of(kept), left_of(duplicate)) == (NOTHING, NOTHING)
    assert list(Guardian.objects.values_list("name", "phone_sealed")) == [("", "")]
    assert not Credential.objects.exclude(reference="").exists()
    records = Volunteer.objects.filter(pk__in=[kept.pk, duplicate.pk])
    assert not Consent.objects.filter(volunteer__in=records, withdrawn_at=None).exists()
    assert set(records.values_list("standing", "erased_at")) == {(Standing.RETIRED, at)}


def test_what_is_kept_under_an_earlier_number_is_taken_out_and_goes(
    formation: Formation, leader: User, at: datetime
) -> None:
    person = register_walk_in(
        walk_in_id=uuid7(), unit=formation.squadron_a, name="赶来的人", by=leader, at=at
    )
    before = person.number
    Fix.objects.create(person=before, at=at, received_at=at, lon=119.9, lat=29.4)
    person = give_life_number(number=before, by=leader, at=at)

    whole = export_of(person.user, at=at)
    erase_person(by=User.objects.get(pk=person.user_id), at=at)

    assert whole["tracks"]["days"] == [{"day": str(at.date()), "fixes": 1}]  # type: ignore[index, call-overload]
    assert not Fix.objects.exists()
    assert not Event.objects.filter(topic=f"person.{before:08d}").exists()


def test_a_fix_that_was_being_stored_during_deletion_goes_too(volunteer: User, at: datetime) -> None:
    number = volunteer.volunteer.number
    erase_person(by=volunteer, at=at)
    Fix.objects.create(person=number, at=at, received_at=at, lon=119.9, lat=29.4)
    LatestPosition.objects.create(person=number, scope="0001", at=at, received_at=at, lon=119.9, lat=29.4)

    tick(at=at + timedelta(seconds=5))

    assert not Fix.objects.exists()
    assert LatestPosition.objects.get().scope == ""


def test_a_merged_record_is_taken_out_with_the_one_that_was_kept(
    formation: Formation, make_volunteer: MakeVolunteer, commander: User, at: datetime
) -> None:
    kept, duplicate = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_b, adult=False)
    merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=commander, at=at)

    whole = export_of(User.objects.get(pk=kept.user_id), at=at)

    (merged,) = whole["merged_records"]  # type: ignore[misc, str-unpack]
    assert merged["profile"]["number"] == f"{duplicate.number:08d}"  # type: ignore[index, call-overload]
    assert len(whole["guardians"]) == 1  # type: ignore[arg-type]  # papers moved to the record that was kept


def test_everything_that_a_person_can_have_goes(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, client_of: ClientOf, at: datetime
) -> None:
    """A minor with a guardian, a tracker, an invitation, a second factor, a badge and a photo."""
    person = make_volunteer(formation.squadron_a, adult=False, consents=False)
    user = person.user
    client_of(user).get("/api/v1/me")
    Tracker.objects.create(
        pk=uuid7(),
        user=user,
        datum="wgs84",
        secret_hash="x",
        created_at=at,
        expires_at=at + timedelta(days=9),
    )
    Invitation.objects.create(user=user, code_key="x", made_at=at, expires_at=at + timedelta(days=9))
    SecondFactor.objects.create(user=user, made_at=at)
    Photo.objects.create(volunteer=person, jpeg=b"x", kept_at=at)
    Badge.objects.create(
        pk=uuid7(), volunteer=person, unit=formation.squadron_a, issued_at=at, valid_until=at.date()
    )

    erase_person(by=user, at=at)

    for model in (Device, Tracker, Invitation, SecondFactor):
        assert not model._default_manager.filter(user=user).exists()
    assert not Photo.objects.exists()
    assert (Badge.objects.get().revoked_at, Badge.objects.get().reason) == (at, "")
    assert list(Guardian.objects.values_list("name", "phone_sealed", "withdrawn_at")) == [("", "", at)]
    assert left_of(person) == NOTHING


@pytest.mark.postgres
def test_a_photo_that_is_kept_during_deletion_goes_or_is_refused(
    race: Race, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    people = [make_volunteer(None) for _ in range(6)]
    image = BytesIO()
    Image.new("RGB", (400, 500)).save(image, "PNG")
    acts: list[Callable[[], Any]] = []
    for person in people:
        acts += [
            partial(keep_photo, raw=image.getvalue(), by=person.user, at=at),
            partial(erase_person, by=person.user, at=at),
        ]

    results = race(*acts)

    assert all(result is None or isinstance(result, NotFound) for result in results[::2])
    assert not any(isinstance(result, Exception) for result in results[1::2])
    assert not Photo.objects.exists()


@pytest.mark.postgres
def test_a_guardian_who_is_recorded_during_deletion_goes_or_is_refused(
    race: Race, formation: Formation, make_volunteer: MakeVolunteer, leader: User, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(6)]
    acts: list[Callable[[], Any]] = []
    for person in people:
        guardian = GuardianIn(id=uuid7(), name="父", phone="13900000000", consent_at=at)
        acts += [
            partial(record_guardian, volunteer=person, wanted=guardian, by=leader, at=at),
            partial(erase_person, by=person.user, at=at),
        ]

    results = race(*acts)

    assert not any(isinstance(result, Exception) for result in results[1::2])
    assert not Guardian.objects.exclude(name="").exists()
