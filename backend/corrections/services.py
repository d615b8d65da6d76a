"""Corrects names and phones of people, and takes that back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import User
from backend.accounts.services.phones import set_phone
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
from backend.volunteers.models import Volunteer
from backend.volunteers.services.finding import finding
from backend.volunteers.services.people import PhoneTaken
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
    NotFound or NotAllowed to a caller who may not, CorrectionIdTaken, NothingToCorrect, PhoneTaken, TooManyFound.
    """
    volunteer = _locked(volunteer)
    grant = _granted(by, volunteer, wanted.part, at)
    known = Correction.objects.select_related("by").filter(pk=wanted.id).first()
    if known is not None:
        same = (known.volunteer_id, known.by_id, known.part, known.after)
        require(same == (volunteer.pk, by.pk, wanted.part, wanted.value), CorrectionIdTaken)
        return Made(known, is_new=False)
    before = _value_of(volunteer, wanted.part)
    require(before != wanted.value, NothingToCorrect)
    correction = Correction(pk=wanted.id, volunteer=volunteer, part=wanted.part, by=by, at=at)
    correction.before, correction.after = before, wanted.value
    with finding(wanted.phone or "", how="correction", by=by, at=at):
        _write(volunteer, wanted.part, wanted.value)
    with unless_taken(CorrectionIdTaken):
        correction.save(force_insert=True)
    with acting(by=by, at=at, grant=grant) as act:
        _tell(correction, Acts.RECORD_CORRECTED, act)
    return Made(correction, is_new=True)


@transaction.atomic
def undo(*, correction_id: UUID, by: User, at: datetime) -> Correction:
    """Let what stood before a correction stand again; a repetition changes nothing.

    Leaders may who may correct it, and the person. Locks the account, the volunteer and the correction. Raises
    NotFound, CorrectedSince, and PhoneTaken when another person has the former phone by now.
    """
    correction = _locked_correction(correction_id, by, at)
    volunteer, part = correction.volunteer, Part(correction.part)
    grant = OWN if volunteer.user_id == by.pk else _granted(by, volunteer, part, at)
    if correction.is_undone:
        return correction
    require(_value_of(volunteer, part) == correction.after, CorrectedSince)
    _write(volunteer, part, correction.before)
    correction.save(update_fields=correction.undo(by=by, at=at))
    with acting(by=by, at=at, grant=grant) as act:
        _tell(correction, Acts.CORRECTION_UNDONE, act)
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
    require(_value_of(correction.volunteer, part) == correction.after, CorrectedSince)
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


def _value_of(volunteer: Volunteer, part: Part) -> str:
    return volunteer.name if part == Part.NAME else volunteer.user.phone


def _write(volunteer: Volunteer, part: Part, value: str) -> None:
    """Put a value into the record, and into the rosters. Raises PhoneTaken."""
    if part == Part.NAME:
        rename(volunteer, value)
        return
    with unless_taken(PhoneTaken):
        set_phone(volunteer.user, value)


def _tell(correction: Correction, name: Acts, act: Act) -> None:
    """Record a correction or its undoing, and tell the person's devices."""
    volunteer = correction.volunteer
    act.record(name, f"volunteer.{volunteer.pk}", part=str(correction.part), correction=str(correction.pk))
    event = RecordCorrected(correction=correction.pk, part=Part(correction.part), undone=correction.is_undone)
    act.tell(volunteer.topic, event)
