"""REST views of posts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View
from backend.volunteers.models import Post
from backend.volunteers.queries.lives import posts_in
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_appoint, may_dispatch, may_manage
from backend.volunteers.schemas.posts import PostHeld, PostIn, PostsHeld
from backend.volunteers.services import posts
from backend.volunteers.services.access_log import note_named


class PostsView(View):
    """The posts of a unit."""

    @extend_schema(operation_id="posts", responses=PostsHeld, tags=["posts"])
    def get(self, request: Request, number: str) -> Response:
        """Return who holds which post in the unit itself, now or later, for those who may dispatch it."""
        unit, user, at = unit_by_number(number), user_of(request), now()
        require(may_dispatch(user, unit, at))
        held = [PostHeld.of(post) for post in posts_in(unit, at=at)]
        note_named([post.volunteer for post in held], by=user, at=at)
        return answer(held)

    @extend_schema(
        operation_id="give_post", request=PostIn, responses={201: PostHeld, 200: PostHeld}, tags=["posts"]
    )
    def post(self, request: Request, number: str) -> Response:
        """Give a person a post, no wider than one's own in rank, units and time. The same again is the same (200)."""
        unit, at = unit_by_number(number), now()
        given = posts.give_post(unit=unit, wanted=parse(PostIn, request), by=user_of(request), at=at)
        self.made = str(given.row.pk)
        return answer(PostHeld.of(given.row), status=given.status)

    def post_again(self, request: Request, number: str) -> Response:
        """Return the post as it is now: it may have ended."""
        by, post, at = user_of(request), _post(int(self.made_before)), now()
        require(posts.is_of_giver(post, by, at) or may_manage(by, unit_by_number(number), at))
        return answer(PostHeld.of(post))


class PostView(View):
    """One post."""

    @extend_schema(operation_id="end_post", responses={204: None}, tags=["posts"])
    def delete(self, request: Request, post_id: int) -> Response:
        """End a post now: one's own, or one that one could have given."""
        posts.end_post(post_id=post_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, post_id: int) -> Response:
        """Do nothing: it has ended for good."""
        post, by = _post(post_id), user_of(request)
        require(post.volunteer.user_id == by.pk or may_appoint(by, post.unit, post.role, now()))
        return answer(None)


def _post(post_id: int) -> Post:
    return require(Post.objects.select_related("unit", "volunteer").filter(pk=post_id).first())
