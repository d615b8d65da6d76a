"""REST views of corrections."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.corrections import services
from backend.corrections.queries import correction_for, correction_out, corrections_for
from backend.corrections.schemas import CorrectionIn, CorrectionOut, Corrections
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.realtime.views import View
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.services.access_log import note_named

PERSON = OpenApiParameter(
    "person", OpenApiTypes.STR, OpenApiParameter.PATH, description="the volunteer number"
)


class CorrectionsView(View):
    """What was corrected in a record."""

    full_sign_in = ("get",)

    @extend_schema(
        operation_id="corrections", parameters=[PERSON], responses=Corrections, tags=["volunteers"]
    )
    def get(self, request: Request, person: str) -> Response:
        """Return the corrections of a record, newest first, at most 100: to the person, and to their leaders."""
        user, at = user_of(request), now()
        volunteer = volunteer_numbered(person)
        found = corrections_for(user, volunteer, at=at)
        if found.items and volunteer.user_id != user.pk:
            note_named([found.items[0].volunteer], by=user, at=at, whole_phone=True)
        return answer(found)

    @extend_schema(
        operation_id="correct",
        parameters=[PERSON],
        request=CorrectionIn,
        responses={201: CorrectionOut, 200: CorrectionOut},
        tags=["volunteers"],
    )
    def post(self, request: Request, person: str) -> Response:
        """Correct the name or the phone of a person; the person's devices are told and stay signed in.

        A leader who looks after the person may correct the name, and the phone when every unit and post of theirs is
        below the leader's. A phone that is wrong is taken out: no code goes to it, it opens nothing, and the person is
        on the roster's list of people without a phone. The same id and content again is the same correction (200).
        """
        body, user, at = parse(CorrectionIn, request), user_of(request), now()
        made = services.correct(volunteer=volunteer_numbered(person), wanted=body, by=user, at=at)
        return answer(correction_out(made.row), status=made.status)

    def post_again(self, request: Request, person: str) -> Response:
        """Return how the correction stands now."""
        return answer(correction_for(user_of(request), parse(CorrectionIn, request).id, at=now()))


class UndoCorrectionView(View):
    """The way back from a correction."""

    @extend_schema(operation_id="undo_correction", request=None, responses=CorrectionOut, tags=["volunteers"])
    def post(self, request: Request, correction_id: UUID) -> Response:
        """Let what stood before stand again: by the person, or by a leader who may correct it."""
        user, at = user_of(request), now()
        services.undo(correction_id=correction_id, by=user, at=at)
        return answer(correction_for(user, correction_id, at=at))

    def post_again(self, request: Request, correction_id: UUID) -> Response:
        """Return how the correction stands now."""
        return answer(correction_for(user_of(request), correction_id, at=now()))


class ConfirmCorrectionView(View):
    """A second leader's word for a phone."""

    @extend_schema(
        operation_id="confirm_correction", request=None, responses=CorrectionOut, tags=["volunteers"]
    )
    def post(self, request: Request, correction_id: UUID) -> Response:
        """Vouch for a phone that another leader has corrected: it may open the account by a code from now on."""
        user, at = user_of(request), now()
        services.confirm(correction_id=correction_id, by=user, at=at)
        return answer(correction_for(user, correction_id, at=at))

    def post_again(self, request: Request, correction_id: UUID) -> Response:
        """Return how the correction stands now."""
        return answer(correction_for(user_of(request), correction_id, at=now()))
