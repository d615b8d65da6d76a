"""REST views of the differences of a roster that came again."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import Invalid, NotAllowed, NotFound
from backend.realtime.views import View
from backend.rosters.api.imports import managed_import
from backend.rosters.models import Difference, DifferenceKind, DifferencePart, RosterImport
from backend.rosters.queries.differences import Chosen, difference_out, differences_of, seen_by
from backend.rosters.schemas.differences import (
    DifferenceDecision,
    DifferenceOut,
    Differences,
    DifferencesDecided,
    DifferencesDecision,
)
from backend.rosters.services.differences import Decided, leave_differences, take_differences
from backend.volunteers.services.access_log import note_named

_KIND = OpenApiParameter("kind", str, enum=DifferenceKind.values, description="only this kind")
_PART = OpenApiParameter("part", str, enum=DifferencePart.values, description="only this part of people")
_AFTER = OpenApiParameter("after", int, description="`next` of the page before")


class DifferencesView(View):
    """What a roster that came again says otherwise."""

    parameters: ClassVar = {"get": ("kind", "part", "after")}
    full_sign_in = ("get",)

    @extend_schema(
        operation_id="import_differences",
        parameters=[_KIND, _PART, _AFTER],
        responses=Differences,
        tags=["roster"],
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        """Return the differences of people whom the caller looks after, 100 at a time, in the order of the file."""
        batch, user, at = managed_import(request, import_id), user_of(request), now()
        found = differences_of(batch, chosen=_chosen(request), by=user, at=at, after=_after(request))
        note_named((item.volunteer for item in found.items), by=user, at=at)
        return answer(found)

    @extend_schema(
        operation_id="decide_import_differences",
        request=DifferencesDecision,
        responses=DifferencesDecided,
        tags=["roster"],
    )
    def post(self, request: Request, import_id: UUID) -> Response:
        """Take many differences over into the records, or leave them; 500 at most, each once.

        Names, phones and skills become corrections, of which each person is told; a move is a transfer, done at once
        where the caller looks after both units.
        """
        batch, body = managed_import(request, import_id), parse(DifferencesDecision, request)
        decide = take_differences if body.decision == "take" else leave_differences
        chosen = Chosen(kind=body.kind, part=body.part)
        decided = decide(import_id=batch.pk, chosen=chosen, by=user_of(request), at=now(), after=body.after)
        return answer(_told(decided))

    def post_again(self, request: Request, import_id: UUID) -> Response:
        """Return that nothing more was done; the differences tell how they stand."""
        managed_import(request, import_id)
        return answer(_told(Decided(0, 0, 0, 0, parse(DifferencesDecision, request).after)))


class DifferenceView(View):
    """One difference."""

    @extend_schema(
        operation_id="decide_import_difference",
        request=DifferenceDecision,
        responses=DifferenceOut,
        tags=["roster"],
    )
    def post(self, request: Request, import_id: UUID, difference_id: int) -> Response:
        """Take one difference over, or leave it; `state` says what has become of it, also if it was decided before."""
        batch, body, user = (
            managed_import(request, import_id),
            parse(DifferenceDecision, request),
            user_of(request),
        )
        decide = take_differences if body.decision == "take" else leave_differences
        decided = decide(import_id=batch.pk, chosen=Chosen(id=difference_id), by=user, at=now())
        if decided.refused:
            raise NotAllowed("This of the person is changed by a leader over every unit and post of theirs.")
        return answer(difference_out(batch, _one(request, batch, difference_id)))

    def post_again(self, request: Request, import_id: UUID, difference_id: int) -> Response:
        """Return how the difference stands now."""
        batch = managed_import(request, import_id)
        return answer(difference_out(batch, _one(request, batch, difference_id)))


def _one(request: Request, batch: RosterImport, difference_id: int) -> Difference:
    seen = seen_by(batch, user_of(request), now()).filter(pk=difference_id)
    found = seen.select_related("volunteer").first()
    if found is None:
        raise NotFound
    return found


def _told(decided: Decided) -> DifferencesDecided:
    return DifferencesDecided.model_validate(decided, from_attributes=True)


def _chosen(request: Request) -> Chosen:
    """Return `kind` and `part` of the query. Raises Invalid."""
    kind, part = (request.query_params.get(name, "") for name in ("kind", "part"))
    if kind and kind not in DifferenceKind.values:
        raise Invalid(errors=[{"pointer": "/kind", "detail": f"must be one of {', '.join(DifferenceKind)}"}])
    if part and part not in DifferencePart.values:
        raise Invalid(errors=[{"pointer": "/part", "detail": f"must be one of {', '.join(DifferencePart)}"}])
    return Chosen(kind=DifferenceKind(kind) if kind else None, part=DifferencePart(part) if part else None)


def _after(request: Request) -> int:
    """Return `after` of the query. Raises Invalid."""
    text = request.query_params.get("after", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(errors=[{"pointer": "/after", "detail": "must be `next` of the page before"}])
    return int(text)
