"""People agree to purposes, and withdraw."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.accounts.services.refusals import IntroducedSession
from backend.lib.errors import Invalid, Refusal, require
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.consents import current_version
from backend.volunteers.events import DutyChanged
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Consent, Guardian, Purpose, Volunteer
from backend.volunteers.queries import duty_out


class WordingChanged(Refusal):
    """The words have changed since: read them again, and agree to the version that holds now."""

    slug = "wording-changed"
    text = _("The words have changed meanwhile. Read them again, then agree.")


class GuardianMissing(Refusal):
    """Under 18 a guardian has to agree first: your leader records the guardian."""

    slug = "guardian-missing"
    text = _("Under 18 a guardian has to agree first. Ask your leader to record the guardian.")


@transaction.atomic
def give_consent(*, purpose: Purpose, version: int | None, by: User, at: datetime) -> None:
    """Agree to a purpose in the words of its current version; again changes nothing. Locks the volunteer.

    A known minor needs a guardian on record who agrees. Raises IntroducedSession, Invalid without a version,
    WordingChanged, GuardianMissing.
    """
    require(not by.introduced, IntroducedSession)
    with acting(by=by, at=at) as act:
        agree(by, purpose, version, act=act)


def agree(user: User, purpose: Purpose, version: int | None, *, act: Act) -> None:
    """Note that a person agrees to a purpose. Locks the volunteer."""
    at = act.at
    if version is None:
        raise Invalid(
            errors=[{"pointer": "/version", "detail": "name the version of the words that were shown"}]
        )
    if version != current_version(purpose):
        raise WordingChanged
    volunteer = volunteers_to_lock().get(user=user)
    guardian = _guardian_of(volunteer, at)
    was_tracked = duty_out(volunteer, at=at).tracked
    held = volunteer.consents.in_force().filter(purpose=purpose)
    if held.filter(version=version).exists():
        return
    held.update(withdrawn_at=at)
    _give([volunteer], purpose, user, guardian, at)
    act.record(Acts.CONSENT_GIVEN, f"volunteer.{volunteer.pk}", purpose=purpose, version=version)
    if purpose == Purpose.LOCATION:
        _tell(volunteer, was_tracked, act)


@transaction.atomic
def withdraw_consent(*, purpose: Purpose, by: User, at: datetime) -> None:
    """Withdraw from a purpose. Tracking ends with the same commit when the purpose is location. Locks the volunteer."""
    with acting(by=by, at=at) as act:
        withdraw_for(volunteers_to_lock().get(user=by), [purpose], act=act)


def withdraw_for(volunteer: Volunteer, purposes: Collection[Purpose], *, act: Act) -> None:
    """Withdraw purposes of a locked volunteer, also when another person answers for the volunteer."""
    held = volunteer.consents.in_force().filter(purpose__in=purposes)
    ended = list(held.order_by("pk"))
    held.update(withdrawn_at=act.at)
    for consent in ended:
        act.record(Acts.CONSENT_WITHDRAWN, f"volunteer.{volunteer.pk}", purpose=consent.purpose)
    withdrawn = frozenset(Purpose(consent.purpose) for consent in ended)
    if not withdrawn:
        return
    if Purpose.LOCATION not in withdrawn:
        hooks.consents_withdrawn(volunteer, withdrawn, act=act)
        return
    was_tracked = duty_out(volunteer, at=act.at).tracked
    volunteer.location_consent_at = volunteer.location_consent_version = None
    volunteer.save(update_fields=["location_consent_at", "location_consent_version"])
    hooks.consents_withdrawn(volunteer, withdrawn, act=act)
    _tell(volunteer, was_tracked, act)


def agree_on_paper(volunteers: Sequence[Volunteer], purposes: Collection[Purpose], *, at: datetime) -> None:
    """Note for new volunteers what they have agreed to on paper; two statements for each purpose."""
    for purpose in purposes:
        _give(volunteers, purpose, None, None, at)


def _give(
    volunteers: Sequence[Volunteer],
    purpose: Purpose,
    by: User | None,
    guardian: Guardian | None,
    at: datetime,
) -> None:
    version = current_version(purpose)
    Consent.objects.bulk_create(
        [
            Consent(
                volunteer=volunteer, purpose=purpose, version=version, given_at=at, by=by, guardian=guardian
            )
            for volunteer in volunteers
        ],
        batch_size=2_000,
    )
    if purpose == Purpose.LOCATION:
        for volunteer in volunteers:
            volunteer.location_consent_at, volunteer.location_consent_version = at, version
        Volunteer.objects.bulk_update(
            volunteers, ["location_consent_at", "location_consent_version"], batch_size=500
        )


def _guardian_of(volunteer: Volunteer, at: datetime) -> Guardian | None:
    """Return the guardian who stands by a known minor, None for others. Raises GuardianMissing."""
    if not volunteer.is_known_minor(at):
        return None
    agreeing = volunteer.guardians.agreeing(at)
    guardian = agreeing.order_by("-consent_at", "pk").first()
    if guardian is None:
        raise GuardianMissing
    return guardian


def _tell(volunteer: Volunteer, was_tracked: bool, act: Act) -> None:
    """Tell the person's phones whether positions are taken now, on duty or on a task."""
    duty = duty_out(volunteer, at=act.at)
    if duty.on or duty.tracked != was_tracked:
        event = DutyChanged(volunteer=f"{volunteer.number:08d}", duty=duty, reason="consent")
        act.tell(volunteer.topic, event)
