"""REST views of what is kept of people, and to what they decide about it."""

from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import require_full_sign_in, user_of
from backend.accounts.models import User
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import NotFound, require
from backend.realtime.views import View
from backend.volunteers.models import LookedAt, Purpose, Volunteer
from backend.volunteers.queries import privacy as queries
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import may_keep_records_of
from backend.volunteers.schemas.privacy import (
    ConsentIn,
    Consents,
    CredentialIn,
    CredentialOut,
    Credentials,
    GuardianIn,
    GuardianOut,
    Guardians,
)
from backend.volunteers.services.access_log import note_access
from backend.volunteers.services.consents import give_consent, withdraw_consent
from backend.volunteers.services.credentials import record_credential, revoke_credential
from backend.volunteers.services.guardians import record_guardian, withdraw_guardian

PERSON = OpenApiParameter("person", str, OpenApiParameter.PATH, description="the volunteer number")


class ConsentsView(View):
    """What one agrees to."""

    @extend_schema(operation_id="consents", responses=Consents, tags=["privacy"])
    def get(self, request: Request) -> Response:
        """Return every purpose with the words that hold now, and whether one agrees.

        The words are in the language that one has chosen, before that in the phone's (`Accept-Language`);
        `Content-Language` names it.
        """
        return answer(_own_consents(user_of(request)))


class ConsentView(View):
    """One purpose."""

    by_introduced = ("put",)

    @extend_schema(operation_id="decide_consent", request=ConsentIn, responses=Consents, tags=["privacy"])
    def put(self, request: Request, purpose: str) -> Response:
        """Agree to a purpose, naming the version that was read, or withdraw.

        Withdrawing `location` ends tracking at once, on duty and on a task: no fix that comes later is stored.
        """
        require(purpose in Purpose.values)
        body, user, at = parse(ConsentIn, request), user_of(request), now()
        if body.agreed:
            if user.volunteer.is_known_minor(at):
                require_full_sign_in(request)
            give_consent(purpose=Purpose(purpose), version=body.version, by=user, at=at)
        else:
            withdraw_consent(purpose=Purpose(purpose), by=user, at=at)
        return answer(_own_consents(user))

    def put_again(self, request: Request, purpose: str) -> Response:  # noqa: ARG002
        """Return what one agrees to now."""
        return answer(_own_consents(user_of(request)))


class CredentialsView(View):
    """A person's insurances, trainings and agreements."""

    @extend_schema(operation_id="credentials", parameters=[PERSON], responses=Credentials, tags=["people"])
    def get(self, request: Request, person: str) -> Response:
        """Return them, the newest first, to the person and to those who keep the records."""
        return answer(queries.credentials_of(_shown(user_of(request), person)))

    @extend_schema(
        operation_id="record_credential",
        parameters=[PERSON],
        request=CredentialIn,
        responses={201: CredentialOut},
        tags=["people"],
    )
    def post(self, request: Request, person: str) -> Response:
        """Note one. Dangerous service asks for all three kinds; a wrong one is revoked and noted anew."""
        body, user = parse(CredentialIn, request), user_of(request)
        made = record_credential(volunteer=volunteer_numbered(person), wanted=body, by=user, at=now())
        return answer(made, status=201)

    def post_again(self, request: Request, person: str) -> Response:
        """Return it as it stands now."""
        held = _kept(request, person).credentials.filter(pk=parse(CredentialIn, request).id).first()
        return answer(queries.credential_out(require(held)))


class CredentialView(View):
    """One insurance, training or agreement."""

    @extend_schema(
        operation_id="revoke_credential", parameters=[PERSON], responses={204: None}, tags=["people"]
    )
    def delete(self, request: Request, person: str, credential_id: UUID) -> Response:
        """Revoke one that was wrong or no longer holds; it stays on record as revoked."""
        volunteer = volunteer_numbered(person)
        revoke_credential(volunteer=volunteer, credential_id=credential_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, person: str, credential_id: UUID) -> Response:
        """Do nothing: it is revoked for good."""
        require(_kept(request, person).credentials.filter(pk=credential_id).exists())
        return answer(None)


class GuardiansView(View):
    """A minor's guardians."""

    @extend_schema(operation_id="guardians", parameters=[PERSON], responses=Guardians, tags=["people"])
    def get(self, request: Request, person: str) -> Response:
        """Return them, the newest first, to the person and to those who keep the records."""
        return answer(queries.guardians_of(_shown(user_of(request), person)))

    @extend_schema(
        operation_id="record_guardian",
        parameters=[PERSON],
        request=GuardianIn,
        responses={201: GuardianOut},
        tags=["people"],
    )
    def post(self, request: Request, person: str) -> Response:
        """Note a guardian who agrees; without one a minor is offered no work."""
        body, user = parse(GuardianIn, request), user_of(request)
        made = record_guardian(volunteer=volunteer_numbered(person), wanted=body, by=user, at=now())
        return answer(made, status=201)

    def post_again(self, request: Request, person: str) -> Response:
        """Return the guardian as noted now."""
        held = _kept(request, person).guardians.filter(pk=parse(GuardianIn, request).id).first()
        return answer(queries.guardian_out(require(held)))


class GuardianView(View):
    """One guardian."""

    @extend_schema(
        operation_id="withdraw_guardian", parameters=[PERSON], responses={204: None}, tags=["people"]
    )
    def delete(self, request: Request, person: str, guardian_id: UUID) -> Response:
        """Note that a guardian no longer agrees; what the minor agreed to with this guardian ends at once."""
        volunteer = volunteer_numbered(person)
        withdraw_guardian(volunteer=volunteer, guardian_id=guardian_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, person: str, guardian_id: UUID) -> Response:
        """Do nothing: it is noted for good."""
        require(_kept(request, person).guardians.filter(pk=guardian_id).exists())
        return answer(None)


def _own_consents(user: User) -> Consents:
    return Consents(queries.consents_of(user.volunteer, language=get_language() or "en"))


def _kept(request: Request, number: str) -> Volunteer:
    """Return a person, for those who keep their records. Raises NotFound."""
    volunteer = volunteer_numbered(number)
    require(may_keep_records_of(user_of(request), volunteer, now()))
    return volunteer


def _shown(user: User, number: str) -> Volunteer:
    """Return a person whose records the caller may see, and note the look. Raises NotFound."""
    volunteer, at = volunteer_numbered(number), now()
    require(volunteer.user_id == user.pk or may_keep_records_of(user, volunteer, at), NotFound)
    note_access(viewer_user_id=user.pk, volunteer_ids=[volunteer.pk], what=LookedAt.RECORDS, at=at)
    return volunteer
