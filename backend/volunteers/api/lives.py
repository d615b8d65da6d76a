"""Doors to a volunteer's standing, memberships and transfers."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.lib.api import answer, now, parse
from backend.lib.errors import require
from backend.realtime.doors import Door
from backend.volunteers.authentication import user_of
from backend.volunteers.models import Transfer, User, Volunteer
from backend.volunteers.queries.lives import (
    memberships_of,
    standing_out,
    transfer_for,
    transfer_out,
    transfers_for,
)
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage_person, post_that_releases
from backend.volunteers.schemas.lives import (
    Memberships,
    PrimaryIn,
    ReasonIn,
    StandingOut,
    SuspendIn,
    TransferIn,
    TransferOut,
    Transfers,
)
from backend.volunteers.services import standing, transfers
from backend.volunteers.services.looks import note_named


class SuspendDoor(Door):
    """A break from service."""

    @extend_schema(operation_id="suspend", request=SuspendIn, responses=StandingOut, tags=["volunteers"])
    def post(self, request: Request, number: str) -> Response:
        """Suspend a volunteer one looks after, until a time or for good; duty ends, and posts rest."""
        body, by = parse(SuspendIn, request), user_of(request)
        found = standing.suspend(number=number, reason=body.reason, until=body.until, by=by, at=now())
        return answer(standing_out(found))

    def post_again(self, request: Request, number: str) -> Response:
        """Return where the service stands now."""
        return answer(standing_out(_managed(request, number)))


class ReinstateDoor(Door):
    """The way back into service."""

    @extend_schema(operation_id="reinstate", request=None, responses=StandingOut, tags=["volunteers"])
    def post(self, request: Request, number: str) -> Response:
        """Take back a volunteer one looks after who was suspended or had retired. Again changes nothing."""
        return answer(standing_out(standing.reinstate(number=number, by=user_of(request), at=now())))

    def post_again(self, request: Request, number: str) -> Response:
        """Return where the service stands now."""
        return answer(standing_out(_managed(request, number)))


class RetireDoor(Door):
    """The end of service."""

    @extend_schema(operation_id="retire", request=ReasonIn, responses=StandingOut, tags=["volunteers"])
    def post(self, request: Request, number: str) -> Response:
        """Retire oneself, or a volunteer one looks after: duty and posts end, the number stays theirs."""
        reason = parse(ReasonIn, request).reason
        found = standing.retire(number=number, reason=reason, by=user_of(request), at=now())
        return answer(standing_out(found))

    def post_again(self, request: Request, number: str) -> Response:
        """Return where the service stands now."""
        return answer(standing_out(_managed(request, number, or_oneself=True)))


class MembershipDoor(Door):
    """One membership."""

    @extend_schema(operation_id="leave_unit", responses={204: None}, tags=["volunteers"])
    def delete(self, request: Request, number: str, unit: str) -> Response:
        """Leave a unit, or take a volunteer out of a unit one looks after; posts there end."""
        transfers.leave_unit(number=number, unit=unit_by_number(unit), by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, number: str, unit: str) -> Response:
        """Leave a membership alone that has begun again since."""
        volunteer, by = volunteer_numbered(number), user_of(request)
        own = volunteer.user_id == by.pk
        require(own or post_that_releases(by, volunteer, unit_by_number(unit), now()) is not None)
        return answer(None)


class PrimaryUnitDoor(Door):
    """The unit that counts first."""

    @extend_schema(
        operation_id="choose_primary", request=PrimaryIn, responses=Memberships, tags=["volunteers"]
    )
    def put(self, request: Request, number: str) -> Response:
        """Make another of the volunteer's units the primary one."""
        unit = unit_by_number(parse(PrimaryIn, request).unit)
        found = transfers.choose_primary(number=number, unit=unit, by=user_of(request), at=now())
        return answer(memberships_of(found))

    def put_again(self, request: Request, number: str) -> Response:
        """Return the memberships as they are now."""
        return answer(memberships_of(_managed(request, number, or_oneself=True)))


class TransfersDoor(Door):
    """Transfers between units."""

    @extend_schema(operation_id="transfers", responses=Transfers, tags=["transfers"])
    def get(self, request: Request) -> Response:
        """Return the transfers of oneself and of units one looks after, on either side, newest first, at most 100."""
        user, at = user_of(request), now()
        found = transfers_for(user, at=at)
        note_named([transfer.volunteer for transfer in found if transfer.name], by=user, at=at)
        return answer(found)

    @extend_schema(
        operation_id="propose_transfer",
        request=TransferIn,
        responses={201: TransferOut, 200: TransferOut},
        tags=["transfers"],
    )
    def post(self, request: Request) -> Response:
        """Propose that a volunteer goes to another unit, or joins it besides; the other side agrees.

        A person who looks after both units does it at once. The same id and content again is the same transfer (200).
        """
        body, user, at = parse(TransferIn, request), user_of(request), now()
        found = transfers.propose_transfer(wanted=body, by=user, at=at)
        return answer(transfer_out(found, user, at=at), status=201 if found.proposed_at == at else 200)

    def post_again(self, request: Request) -> Response:
        """Return how the transfer stands now."""
        return _standing(request, parse(TransferIn, request).id)


class AcceptTransferDoor(Door):
    """Yes to a transfer."""

    @extend_schema(operation_id="accept_transfer", request=None, responses=TransferOut, tags=["transfers"])
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Agree to a transfer that waits for one's side; it is done now."""
        return _decided(request, transfer_id, transfers.accept_transfer)

    def post_again(self, request: Request, transfer_id: UUID) -> Response:
        """Return how the transfer stands now."""
        return _standing(request, transfer_id)


class DeclineTransferDoor(Door):
    """No to a transfer."""

    @extend_schema(operation_id="decline_transfer", request=None, responses=TransferOut, tags=["transfers"])
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Turn down a transfer that waits for one's side."""
        return _decided(request, transfer_id, transfers.decline_transfer)

    def post_again(self, request: Request, transfer_id: UUID) -> Response:
        """Return how the transfer stands now."""
        return _standing(request, transfer_id)


class WithdrawTransferDoor(Door):
    """The way out of a transfer."""

    @extend_schema(operation_id="withdraw_transfer", request=None, responses=TransferOut, tags=["transfers"])
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Take back a transfer that one proposed, or that concerns oneself."""
        return _decided(request, transfer_id, transfers.withdraw_transfer)

    def post_again(self, request: Request, transfer_id: UUID) -> Response:
        """Return how the transfer stands now, to a person who proposed it too."""
        return answer(transfer_for(user_of(request), transfer_id, at=now(), or_proposer=True))


def _standing(request: Request, transfer_id: UUID) -> Response:
    return answer(transfer_for(user_of(request), transfer_id, at=now()))


def _managed(request: Request, number: str, *, or_oneself: bool = False) -> Volunteer:
    """Return a volunteer as they are now, for those who decide about them. Raises NotFound."""
    volunteer, by = volunteer_numbered(number), user_of(request)
    own = volunteer.user_id == by.pk
    require(or_oneself if own else may_manage_person(by, volunteer, now()))
    return volunteer


class _Decide(Protocol):
    def __call__(self, *, transfer_id: UUID, by: User, at: datetime) -> Transfer: ...


def _decided(request: Request, transfer_id: UUID, decide: _Decide) -> Response:
    user, at = user_of(request), now()
    return answer(transfer_out(decide(transfer_id=transfer_id, by=user, at=at), user, at=at))
