"""Posts are given and taken away; whoever gives one can only narrow their own."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.audit.services import record
from backend.lib.errors import Invalid, Refusal, require, required
from backend.realtime.log import publish_all
from backend.volunteers.locks import posts_to_lock, volunteers_to_lock
from backend.volunteers.models import MANAGING_ROLES, Post, Role, Standing, Unit, Volunteer, roles_from
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import (
    current_posts,
    may_see_person,
    post_over,
    post_that_manages,
)
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.allowed import allowed_by
from backend.volunteers.services.ends import BeyondOwnPost, changed, end_posts, lasting
from backend.volunteers.services.people import fill_post


class HolderNotActive(Refusal):
    """Posts are for volunteers in active service."""

    slug = "holder-not-active"
    text = _("Posts are for volunteers in active service.")


@dataclass(frozen=True, slots=True)
class Given:
    """A post, and whether it is new: the same again is a retry."""

    post: Post
    is_new: bool


@transaction.atomic
def give_post(*, unit: Unit, wanted: PostIn, by: User, at: datetime) -> Given:
    """Give somebody a post in a unit by a post of one's own over it, or as a deputy for the time one is away.

    The same post for the same person again is a retry and returns the first. Raises NotFound unless `by` looks after
    the unit and sees the person, BeyondOwnPost, HolderNotActive, or Invalid naming the field.
    """
    allowed_by(post_that_manages(by, unit, at))
    volunteer = volunteer_numbered(wanted.volunteer)
    require(may_see_person(by, volunteer, at))
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    role, since = Role(wanted.role), max(wanted.from_at or at, at)
    _check_time(since, wanted.until)
    acting_for = _acting_for(unit, wanted, role, at)
    source = source_of(by, unit, role, wanted.until, at)
    held = _same(volunteer, unit, role, wanted.until, acting_for, at)
    if held is not None:
        return Given(held, is_new=False)
    require(volunteer.standing == Standing.ACTIVE, HolderNotActive)
    appointed = fill_post(
        volunteer=volunteer,
        unit=unit,
        role=role,
        since=since,
        until=wanted.until,
        acting_for=acting_for,
        given_by=source,
        by=by,
        at=at,
    )
    publish_all([changed(appointed.post), *appointed.told], at=at)
    return Given(appointed.post, is_new=True)


@transaction.atomic
def end_post(*, post_id: int, by: User, at: datetime) -> Post:
    """End a post now, one's own or one that one could have given; what rests on it goes with it.

    Locks the post. Raises NotFound, also for a post that has ended, and BeyondOwnPost for one that ranks higher than
    those of a caller who looks after the unit.
    """
    found = posts_to_lock(lasting(at)).filter(pk=post_id).select_related("unit", "volunteer")
    post = required(found.first())
    own = post.volunteer.user_id == by.pk
    allowed_by(post if own else post_that_manages(by, post.unit, at))
    title = post.title if own else required(_taken_by(post, by, at), BeyondOwnPost).title
    ended_too = end_posts([post], by=by, at=at)
    details = {"unit": post.unit.number, "role": post.role, "post": title}
    record("post.ended", subject=f"volunteer.{post.volunteer_id}", by=by, at=at, **details)
    publish_all([changed(post), *ended_too], at=at)
    return post


def _taken_by(post: Post, by: User, at: datetime) -> Post | None:
    """Return the post by which a caller takes another's away: over its unit, and of no lower rank."""
    return post_over(by, post.unit, at, roles_from(post.role))


def _check_time(since: datetime, until: datetime | None) -> None:
    if until is not None and until <= since:
        raise Invalid(errors=[{"pointer": "/until", "detail": "must be later than the beginning"}])


def source_of(by: User, unit: Unit, role: Role, until: datetime | None, at: datetime) -> Post:
    """Return the post of one's own that the new one narrows: of no lower rank, over the unit, lasting as long.

    A post that stands on its own comes before one that stands in: what is given by the latter ends with it. Raises
    BeyondOwnPost.
    """
    posts = current_posts(by.pk, at).filter(role__in=roles_from(role), unit__path__in=unit.line)
    enough = Q(until_at=None) | Q(until_at__gte=until) if until else Q(until_at=None)
    source = posts.filter(enough).select_related("unit").order_by("is_acting", "-unit__path", "seat").first()
    if source is None:
        raise BeyondOwnPost
    return source


def _acting_for(unit: Unit, wanted: PostIn, role: Role, at: datetime) -> Post | None:
    """Return the post whose holder the new deputy stands in for, after checking that they may."""
    if wanted.acting_for is None:
        return None
    holder = posts_to_lock(lasting(at)).filter(unit=unit, pk=wanted.acting_for).first()
    errors = []
    if holder is None or holder.role not in MANAGING_ROLES or holder.acting_for_id is not None:
        errors.append(
            {"pointer": "/acting_for", "detail": "names no post of this unit that can be acted for"}
        )
    if role != Role.DEPUTY:
        errors.append({"pointer": "/role", "detail": "whoever stands in for somebody is a deputy"})
    if wanted.until is None:
        errors.append({"pointer": "/until", "detail": "standing in for somebody needs an end"})
    elif holder is not None and holder.until_at is not None and wanted.until > holder.until_at:
        errors.append({"pointer": "/until", "detail": "must not be later than the end of the post acted for"})
    if errors:
        raise Invalid(errors=errors)
    return holder


def _same(
    volunteer: Volunteer, unit: Unit, role: Role, until: datetime | None, acting: Post | None, at: datetime
) -> Post | None:
    same = lasting(at).filter(volunteer=volunteer, unit=unit, role=role, until_at=until, acting_for=acting)
    return same.select_related("unit", "volunteer").first()
