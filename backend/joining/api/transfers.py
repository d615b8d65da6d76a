"""REST views of transfers between units."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.accounts.models import User
from backend.joining.models import Transfer
from backend.joining.queries import transfer_for, transfer_out, transfers_for
from backend.joining.schemas import TransferIn, TransferOut, Transfers
from backend.joining.services import transfers
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.realtime.views import View
from backend.volunteers.services.access_log import note_named


class TransfersView(View):
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


class AcceptTransferView(View):
    """Yes to a transfer."""

    @extend_schema(operation_id="accept_transfer", request=None, responses=TransferOut, tags=["transfers"])
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Agree to a transfer that waits for one's side; it is done now."""
        return _decided(request, transfer_id, transfers.accept_transfer)

    def post_again(self, request: Request, transfer_id: UUID) -> Response:
        """Return how the transfer stands now."""
        return _standing(request, transfer_id)


class DeclineTransferView(View):
    """No to a transfer."""

    @extend_schema(operation_id="decline_transfer", request=None, responses=TransferOut, tags=["transfers"])
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Turn down a transfer that waits for one's side."""
        return _decided(request, transfer_id, transfers.decline_transfer)

    def post_again(self, request: Request, transfer_id: UUID) -> Response:
        """Return how the transfer stands now."""
        return _standing(request, transfer_id)


class WithdrawTransferView(View):
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


class _Decide(Protocol):
    def __call__(self, *, transfer_id: UUID, by: User, at: datetime) -> Transfer: ...


def _decided(request: Request, transfer_id: UUID, decide: _Decide) -> Response:
    user, at = user_of(request), now()
    return answer(transfer_out(decide(transfer_id=transfer_id, by=user, at=at), user, at=at))
