"""Posts end, and with them what rests on them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act
from backend.lib.errors import Refusal, require
from backend.realtime.access import access_changed
from backend.volunteers.acts import Acts
from backend.volunteers.events import PostChanged
from backend.volunteers.models import Post
from backend.volunteers.rules import may_end
from backend.volunteers.schemas.posts import PostHeld


class BeyondOwnPost(Refusal):
    """A post that is given or taken can only be narrower than your own: in rank, in its units and in time."""

    status = 403
    slug = "beyond-own-post"
    text = _("This reaches further than your own post: in rank, in its units or in time.")


def lasting(at: datetime) -> QuerySet[Post]:
    """Return the posts that are held at `at` or will be."""
    return Post.objects.lasting(at)


def end_posts(posts: Iterable[Post], *, act: Act, at: datetime | None = None) -> None:
    """End posts now, or at `at`, and the posts that rest on them; what has not begun never does. Tells the holders.

    On a post rest the posts of acting deputies for its holder, what such a deputy gave by that post, and what was
    given by that in turn. The act's `by` answers for it: a holder, or a caller who could end each of `posts`; None on
    the command line alone. Raises BeyondOwnPost.
    """
    posts, at = list(posts), at or act.at
    require(act.by is None or may_end(act.by, posts, at), BeyondOwnPost)
    for post in posts:
        _end(post, at)
    resting = _resting_on(posts, at)
    for post in resting:
        _end(post, at)
        subject = f"volunteer.{post.volunteer_id}"
        act.record(Acts.POST_ENDED_WITH, subject, unit=post.unit.number, role=post.role)
        tell_holder(post, act)
    holders = {post.volunteer.topic for post in (*posts, *resting)}
    access_changed(sorted(holders), at=at)


def tell_holder(post: Post, act: Act) -> None:
    """Tell the holder that a post was given or has another end."""
    act.tell(post.volunteer.topic, PostChanged(post=PostHeld.of(post)))


def _end(post: Post, at: datetime) -> None:
    post.save(update_fields=post.end(at=at))


def _resting_on(posts: Sequence[Post], at: datetime) -> list[Post]:
    """Return the posts that rest on these, however far; one query for each step of the chain."""
    found: dict[int, Post] = {}
    known = {post.pk for post in posts}
    ending: set[int] = known
    while ending:
        rests = Q(acting_for__in=ending) | Q(given_by__in=ending, given_by__is_acting=True)
        step = lasting(at).filter(rests).exclude(pk__in=known).select_related("unit", "volunteer")
        found |= {post.pk: post for post in step.order_by("pk")}
        ending = found.keys() - known
        known = known | ending
    return list(found.values())
