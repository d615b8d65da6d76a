"""Posts are given and taken away; a caller who gives one can only narrow the caller's own."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.locks import lock_devices
from backend.accounts.models import User
from backend.lib.errors import Invalid, Refusal, require
from backend.lib.made import Made
from backend.volunteers.acts import Acts
from backend.volunteers.grants import Grant
from backend.volunteers.locks import posts_to_lock, volunteers_to_lock
from backend.volunteers.models import MANAGING_ROLES, Post, Role, Unit, Volunteer
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import (
    may_appoint,
    may_fill_posts,
    may_give,
    may_manage,
    may_oversee,
    may_see_person,
)
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.ends import BeyondOwnPost, end_posts, lasting, tell_holder
from backend.volunteers.services.memberships import belongs
from backend.volunteers.services.people import fill_post


class HolderNotActive(Refusal):
    """Posts are for volunteers in active service."""

    slug = "holder-not-active"
    text = _("Posts are for volunteers in active service.")


@transaction.atomic
def give_post(*, unit: Unit, wanted: PostIn, by: User, at: datetime) -> Made[Post]:
    """Give a volunteer a post in a unit, by a post of the caller over it; also that of an acting deputy for a time.

    Idempotent: the same post for the same person again is a retry and returns the first. Raises NotFound unless `by`
    looks after the unit and sees the person, or names the first leader of a partner among its members by number;
    BeyondOwnPost, HolderNotActive, or Invalid naming the field.
    """
    volunteer = volunteer_numbered(wanted.volunteer)
    known = _same(volunteer, unit, Role(wanted.role), wanted.until, None, at) if unit.closed_depth else None
    if known is not None and is_of_giver(known, by, at):
        return Made(known, is_new=False)
    require(may_fill_posts(by, unit, at))
    require(may_see_person(by, volunteer, at) or belongs(volunteer, unit))
    lock_devices([volunteer.user_id])  # before the person: the post may end sign-ins
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    role, since = Role(wanted.role), max(wanted.from_at or at, at)
    _check_time(since, wanted.until)
    acting_for = _acting_for(unit, wanted, role, at)
    grant = require(may_give(by, unit, role, wanted.until, at), BeyondOwnPost)
    held = _same(volunteer, unit, role, wanted.until, acting_for, at)
    if held is not None:
        return Made(held, is_new=False)
    require(volunteer.is_in_service, HolderNotActive)
    with acting(by=by, at=at, grant=grant) as act:
        post = fill_post(
            volunteer=volunteer,
            unit=unit,
            role=role,
            since=since,
            until=wanted.until,
            acting_for=acting_for,
            given_by=grant.post,
            act=act,
        )
        tell_holder(post, act)
    return Made(post, is_new=True)


@transaction.atomic
def end_post(*, post_id: int, by: User, at: datetime) -> Post:
    """End a post now: the caller's own, or one that the caller could have given; what rests on it goes with it.

    Locks the post. Raises NotFound, also for a post that has ended. Raises BeyondOwnPost when the caller looks after
    the unit but the post ranks higher than the caller's.
    """
    found = posts_to_lock(lasting(at)).filter(pk=post_id).select_related("unit", "volunteer")
    post = require(found.first())
    own = post.volunteer.user_id == by.pk
    require(own or may_manage(by, post.unit, at))
    grant = Grant(post) if own else require(may_appoint(by, post.unit, post.role, at), BeyondOwnPost)
    with acting(by=by, at=at, grant=grant) as act:
        end_posts([post], act=act)
        subject = f"volunteer.{post.volunteer_id}"
        act.record(Acts.POST_ENDED, subject, unit=post.unit.number, role=post.role)
        tell_holder(post, act)
    return post


def is_of_giver(post: Post, by: User, at: datetime) -> bool:
    """Tell whether the caller gave it, by a post over the unit: the leader of a partner that now keeps its people."""
    is_given = post.given_by is not None and post.given_by.volunteer.user_id == by.pk
    return is_given and bool(may_oversee(by, post.unit, at, MANAGING_ROLES))


def _check_time(since: datetime, until: datetime | None) -> None:
    if until is not None and until <= since:
        raise Invalid(errors=[{"pointer": "/until", "detail": "must be later than the beginning"}])


def _acting_for(unit: Unit, wanted: PostIn, role: Role, at: datetime) -> Post | None:
    """Return the post whose holder the new deputy stands in for, after checking that the deputy may."""
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
    return same.select_related("unit", "volunteer", "given_by__volunteer").first()
