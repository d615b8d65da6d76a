"""Doors to posts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.lib.api import answer, now, parse
from backend.lib.errors import require
from backend.volunteers.authentication import user_of
from backend.volunteers.queries.lives import posts_in
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_dispatch
from backend.volunteers.schemas.posts import PostHeld, PostIn, PostsHeld
from backend.volunteers.services import posts


class PostsDoor(APIView):
    """The posts of a unit."""

    @extend_schema(operation_id="posts", responses=PostsHeld, tags=["posts"])
    def get(self, request: Request, number: str) -> Response:
        """Return who holds which post in the unit itself, now or later, for those who may dispatch it."""
        unit, at = unit_by_number(number), now()
        require(may_dispatch(user_of(request), unit, at))
        return answer([PostHeld.of(post) for post in posts_in(unit, at=at)])

    @extend_schema(
        operation_id="give_post", request=PostIn, responses={201: PostHeld, 200: PostHeld}, tags=["posts"]
    )
    def post(self, request: Request, number: str) -> Response:
        """Give somebody a post, no wider than one's own in rank, units and time. The same again is the same (200)."""
        unit, at = unit_by_number(number), now()
        given = posts.give_post(unit=unit, wanted=parse(PostIn, request), by=user_of(request), at=at)
        return answer(PostHeld.of(given.post), status=201 if given.is_new else 200)


class PostDoor(APIView):
    """One post."""

    @extend_schema(operation_id="end_post", responses={204: None}, tags=["posts"])
    def delete(self, request: Request, post_id: int) -> Response:
        """End a post now: one's own, or one that one could have given."""
        posts.end_post(post_id=post_id, by=user_of(request), at=now())
        return answer(None)
