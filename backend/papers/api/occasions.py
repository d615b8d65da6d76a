"""REST views of occasions and of the posts that are their desks."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.papers import queries
from backend.papers.schemas import OccasionIn, OccasionOut, Occasions
from backend.papers.services import occasions
from backend.realtime.views import View


class OccasionsView(View):
    """Occasions."""

    repeatable: ClassVar = ("post",)

    @extend_schema(operation_id="occasions", responses=Occasions, tags=["papers"])
    def get(self, request: Request) -> Response:
        """Return the occasions that run, or will, of units around those one dispatches, and where one has a desk.

        The one that begins last comes first; at most 100.
        """
        return answer(Occasions(queries.occasions_for(user_of(request), at=now())))

    @extend_schema(
        operation_id="open_occasion",
        request=OccasionIn,
        responses={201: OccasionOut, 200: OccasionOut},
        tags=["papers"],
    )
    def post(self, request: Request) -> Response:
        """Open an occasion of a unit whose people one looks after, for 7 days at most.

        Tasks of the unit and below name it, and all papers of it end with it. The same id and content again is the same
        occasion (200).
        """
        at = now()
        made = occasions.open_occasion(wanted=parse(OccasionIn, request), by=user_of(request), at=at)
        return answer(queries.occasion_out(made), status=201 if made.opened_at == at else 200)


class OccasionView(View):
    """One occasion."""

    @extend_schema(operation_id="occasion", responses=OccasionOut, tags=["papers"])
    def get(self, request: Request, occasion_id: UUID) -> Response:
        """Return an occasion that `GET /occasions` shows, or has shown."""
        return answer(queries.occasion_out(queries.occasion_for(user_of(request), occasion_id, at=now())))


class CloseOccasionView(View):
    """The end of an occasion."""

    repeatable: ClassVar = ("post",)

    @extend_schema(operation_id="close_occasion", request=None, responses=OccasionOut, tags=["papers"])
    def post(self, request: Request, occasion_id: UUID) -> Response:
        """Close an occasion before its end, as a commander of its unit or above: all its papers end now."""
        closed = occasions.close_occasion(occasion_id=occasion_id, by=user_of(request), at=now())
        return answer(queries.occasion_out(closed))


class DeskView(View):
    """A desk of an occasion."""

    repeatable: ClassVar = ("put", "delete")

    @extend_schema(operation_id="name_desk", request=None, responses=OccasionOut, tags=["papers"])
    def put(self, request: Request, occasion_id: UUID, post_id: int) -> Response:
        """Name a post as a desk, as a commander: its holder enters papers of this occasion, and attests ages."""
        named = occasions.name_desk(occasion_id=occasion_id, post_id=post_id, by=user_of(request), at=now())
        return answer(queries.occasion_out(named))

    @extend_schema(operation_id="end_desk", responses=OccasionOut, tags=["papers"])
    def delete(self, request: Request, occasion_id: UUID, post_id: int) -> Response:
        """End a desk, as a commander; what it has entered holds on."""
        ended = occasions.end_desk(occasion_id=occasion_id, post_id=post_id, by=user_of(request), at=now())
        return answer(queries.occasion_out(ended))
