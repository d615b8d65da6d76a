"""Corrects names, phones and skills of people, and takes that back."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from backend.accounts.acting import Act, acting
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import User
from backend.accounts.queries import people_of_phone
from backend.accounts.services.phones import PhoneFull, PhoneTaken, leave_phone, put_on_phone
from backend.corrections.acts import Acts
from backend.corrections.events import RecordCorrected
from backend.corrections.locks import corrections_to_lock
from backend.corrections.models import Correction, Part
from backend.corrections.queries import trusted_at
from backend.corrections.rules import may_change_way_in, may_correct, may_read
from backend.corrections.schemas import CorrectionIn
from backend.lib.errors import SENT_BEFORE, NotAllowed, NotFound, Refusal, require
from backend.lib.made import Made, unless_taken
from backend.volunteers.grants import OWN, Grant
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Skill, Volunteer
from backend.volunteers.services.finding import finding
from backend.volunteers.services.roster import rename


class CorrectionIdTaken(Refusal):
    """There is a correction with this id already, and it is not the same."""

    slug = "correction-id-taken"
    text = SENT_BEFORE


class NothingToCorrect(Refusal):
    """The record says this already."""

    slug = "nothing-to-correct"
    text = _("The record says this already.")


class CorrectedSince(Refusal):
    """The record says something else by now; correct it anew."""

    slug = "corrected-since"
    text = _("This was changed again since. Correct it anew.")


class SecondLeaderNeeded(Refusal):
    """The leader who has corrected a phone cannot vouch for it too."""

    status = 403
    slug = "second-leader-needed"
    text = _("Another leader has to confirm this phone.")


@transaction.atomic
def correct(*, volunteer: Volunteer, wanted: CorrectionIn, by: User, at: datetime) -> Made[Correction]:
    """Correct the name or the phone of a person, who is told; what stood there is kept, sealed.

    The same id and content again is a retry. Devices stay signed in. Locks the account and the volunteer. Raises
    NotFound or NotAllowed to a caller who may not, CorrectionIdTaken, NothingToCorrect, PhoneTaken, PhoneFull,
    TooManyFound.
    """
    volunteer = _locked(volunteer)
    grant = _granted(by, volunteer, wanted.part, at)
    known = Correction.objects.select_related("by").filter(pk=wanted.id).first()
    if known is not None:
        same = (known.volunteer_id, known.by_id, known.part, known.after)
        require(same == (volunteer.pk, by.pk, wanted.part, wanted.value), CorrectionIdTaken)
        return Made(known, is_new=False)
    correction = Correction(pk=wanted.id, volunteer=volunteer, part=wanted.part, by=by, at=at)
    with (
        finding(wanted.phone or "", how="correction", by=by, at=at),
        acting(by=by, at=at, grant=grant) as act,
    ):
        _make(correction, wanted.value, shared=wanted.shared_phone, act=act)
        _tell(correction, Acts.RECORD_CORRECTED, act)
    return Made(correction, is_new=True)


def correct_by_roster(volunteer: Volunteer, part: Part, value: str, *, act: Act) -> Correction:
    """Correct a part of a record as a roster says: a part of an act that has locked the record (`lock_records`).

    `act` has made sure of the right. Skills are their codes, sorted. Raises NothingToCorrect, PhoneTaken.
    """
    correction = Correction(pk=uuid7(), volunteer=volunteer, part=part, by=act.by, at=act.at)
    _make(correction, value, act=act)
    _tell(correction, Acts.RECORD_CORRECTED, act)
    return correction


def undo_of_roster(corrections: Collection[UUID], *, act: Act) -> set[UUID]:
    """Undo those of a roster's corrections that the records still say; returns their ids.

    What was corrected again since stays, and so does a phone that another person has by now. Locks the accounts, the
    volunteers and the corrections.
    """
    wanted = Correction.objects.standing().filter(pk__in=corrections)
    records = lock_records(wanted.values_list("volunteer", flat=True))
    undone = set()
    for correction in corrections_to_lock(wanted).order_by("pk"):
        volunteer = records.get(correction.volunteer_id)
        if volunteer is None or value_of(volunteer, Part(correction.part)) != correction.after:
            continue
        correction.volunteer = volunteer
        with suppress(PhoneTaken, PhoneFull):
            _take_back(correction, act)
            undone.add(correction.pk)
    return undone


def lock_records(volunteers: Iterable[int]) -> dict[int, Volunteer]:
    """Lock the accounts and the records of people, by keys; returns those who were not erased, with their accounts."""
    keys = sorted(set(volunteers))
    users = Volunteer.objects.filter(pk__in=keys).values("user")
    list(accounts_to_lock().filter(pk__in=users).order_by("pk"))
    rows = volunteers_to_lock().select_related("user").filter(pk__in=keys, erased_at=None).order_by("pk")
    return {volunteer.pk: volunteer for volunteer in rows}


@transaction.atomic
def undo(*, correction_id: UUID, by: User, at: datetime) -> Correction:
    """Let what stood before a correction stand again; a repetition changes nothing.

    Leaders may who may correct it, and the person. Locks the account, the volunteer and the correction. Raises
    NotFound, CorrectedSince, and PhoneTaken when another person has the former phone by now. Those with whom it was
    shared at the time of the correction may have it still.
    """
    correction = _locked_correction(correction_id, by, at)
    volunteer, part = correction.volunteer, Part(correction.part)
    grant = OWN if volunteer.user_id == by.pk else _granted(by, volunteer, part, at)
    if correction.is_undone:
        return correction
    require(value_of(volunteer, part) == correction.after, CorrectedSince)
    with acting(by=by, at=at, grant=grant) as act:
        _take_back(correction, act)
    return correction


@transaction.atomic
def confirm(*, correction_id: UUID, by: User, at: datetime) -> Correction:
    """Vouch, as a second leader, for a phone that was corrected; a repetition changes nothing.

    Raises NotFound, SecondLeaderNeeded to the leader who has corrected it, CorrectedSince when it no longer stands.
    """
    correction = _locked_correction(correction_id, by, at)
    part = Part(correction.part)
    grant = _granted(by, correction.volunteer, part, at)
    require(part == Part.PHONE)
    require(correction.by_id != by.pk, SecondLeaderNeeded)
    require(not correction.is_undone, CorrectedSince)
    require(value_of(correction.volunteer, part) == correction.after, CorrectedSince)
    if trusted_at(correction) > at:
        correction.save(update_fields=correction.confirm(by=by, at=at))
        with acting(by=by, at=at, grant=grant) as act:
            act.record(
                Acts.CORRECTION_CONFIRMED,
                f"volunteer.{correction.volunteer_id}",
                correction=str(correction.pk),
            )
    return correction


def move_to_kept(gone: Volunteer, kept: Volunteer) -> None:
    """Give the history of a duplicate to the record that is kept."""
    gone.corrections.update(volunteer=kept)


def forget(volunteer: Volunteer) -> None:
    """Delete what was corrected in the record of a person who deletes everything."""
    volunteer.corrections.all().delete()


def _granted(by: User, volunteer: Volunteer, part: Part, at: datetime) -> Grant:
    """Return the grant to correct a part. Raises NotFound, or NotAllowed to a leader without power over the phone."""
    grant = require(may_correct(by, volunteer, at))
    if not may_change_way_in(by, volunteer, part, at):
        raise NotAllowed("Only a leader over every unit and post of this person changes their phone.")
    return grant


def _locked(volunteer: Volunteer) -> Volunteer:
    """Lock a person's account, then the record. Raises NotFound for a person who was erased meanwhile."""
    list(accounts_to_lock().filter(pk=volunteer.user_id))
    locked = volunteers_to_lock().select_related("user").get(pk=volunteer.pk)
    require(locked.erased_at is None)
    return locked


def _locked_correction(correction_id: UUID, by: User, at: datetime) -> Correction:
    """Lock a correction that a caller may read, after its account and volunteer. Raises NotFound."""
    found = Correction.objects.select_related("volunteer").filter(pk=correction_id).first()
    if found is None:
        raise NotFound
    volunteer = _locked(found.volunteer)
    require(may_read(by, volunteer, at))
    correction = corrections_to_lock().get(pk=correction_id)
    correction.volunteer = volunteer
    return correction


def _make(correction: Correction, value: str, *, shared: bool = False, act: Act) -> None:
    """Write a value into the record of a correction that is new, and keep what stood there."""
    volunteer, part = correction.volunteer, Part(correction.part)
    correction.before, correction.after = value_of(volunteer, part), value
    require(correction.before != value, NothingToCorrect)
    correction.shared_before = _sharing(volunteer) if part == Part.PHONE else []
    _write(volunteer, part, value, shared=shared, act=act)
    with unless_taken(CorrectionIdTaken):
        correction.save(force_insert=True)


def _take_back(correction: Correction, act: Act) -> None:
    """Let what stood before stand again. Raises PhoneTaken, PhoneFull."""
    part = Part(correction.part)
    there = set(_having(correction.before)) if part == Part.PHONE and correction.before else set()
    agreed = bool(there) and there <= set(correction.shared_before or ())
    _write(correction.volunteer, part, correction.before, shared=agreed, act=act)
    correction.save(update_fields=correction.undo(by=act.by, at=act.at))
    _tell(correction, Acts.CORRECTION_UNDONE, act)


def value_of(volunteer: Volunteer, part: Part) -> str:
    """Return what a record says: skills as their codes, sorted, with commas between them."""
    match part:
        case Part.NAME:
            return volunteer.name
        case Part.PHONE:
            return volunteer.user.phone
        case Part.SKILLS:
            return ",".join(sorted(volunteer.skills.values_list("code", flat=True)))


def _sharing(volunteer: Volunteer) -> list[int]:
    """Return the keys of the other accounts that have a person's phone."""
    phone = volunteer.user.phone
    return [key for key in _having(phone) if key != volunteer.user_id] if phone else []


def _having(phone: str) -> list[int]:
    return list(people_of_phone(phone).order_by("pk").values_list("pk", flat=True))


def _write(volunteer: Volunteer, part: Part, value: str, *, shared: bool, act: Act) -> None:
    """Put a value into the record, and into the rosters. Raises PhoneTaken, PhoneFull."""
    if part == Part.NAME:
        rename(volunteer, value)
        return
    if part == Part.SKILLS:
        volunteer.skills.set(Skill.objects.filter(code__in=value.split(",")))
        return
    if value:
        put_on_phone(volunteer.user, value, shared=shared, act=act)
        return
    leave_phone(volunteer.user)


def _tell(correction: Correction, name: Acts, act: Act) -> None:
    """Record a correction or its undoing, and tell the person's devices."""
    volunteer = correction.volunteer
    act.record(name, f"volunteer.{volunteer.pk}", part=str(correction.part), correction=str(correction.pk))
    event = RecordCorrected(correction=correction.pk, part=Part(correction.part), undone=correction.is_undone)
    act.tell(volunteer.topic, event)
