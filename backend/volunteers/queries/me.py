"""Reads what people see of themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from backend.accounts.models import User
from backend.accounts.tokens import DeviceTokens
from backend.volunteers import hooks
from backend.volunteers.models import Role, Volunteer
from backend.volunteers.queries.lives import membership_out, standing_out
from backend.volunteers.queries.masking import shown
from backend.volunteers.queries.units import dispatched_units, unit_outs
from backend.volunteers.rules import current_posts, reads_sealed
from backend.volunteers.schemas import DutyOut, Me, PostOut
from backend.volunteers.schemas.me import LanguageName
from backend.volunteers.schemas.sign_in import SignedIn


def duty_out(volunteer: Volunteer, *, at: datetime) -> DutyOut:
    """Return whether a volunteer is on duty at `at`, until when at the latest, and whether positions are taken."""
    return duties_out([volunteer], at=at)[0]


def duties_out(volunteers: Sequence[Volunteer], *, at: datetime) -> list[DutyOut]:
    """Return for several what `duty_out` does for one, in their order; as many queries as there are reasons to track.

    The database says whether positions are taken, because positions are judged by it. This holds inside a transaction
    too: save first.
    """
    tracked = hooks.tracked_among([volunteer.number for volunteer in volunteers], at)
    return [_duty_out(volunteer, volunteer.number in tracked, at) for volunteer in volunteers]


def _duty_out(volunteer: Volunteer, tracked: bool, at: datetime) -> DutyOut:
    on = volunteer.is_on_duty(at)
    return DutyOut(on=on, until=volunteer.duty_until if on else None, tracked=tracked)


def own_duty(user: User, *, at: datetime) -> DutyOut:
    """Return the caller's duty as it is now."""
    return duty_out(Volunteer.objects.get(user=user), at=at)


def me_of(user: User, *, at: datetime) -> Me:
    """Return the signed-in volunteer: duty, units (the primary one first), posts, skills and what they may dispatch."""
    volunteer = Volunteer.objects.get(user=user)
    memberships = list(volunteer.memberships.select_related("unit").order_by("-is_primary", "unit__path"))
    posts = list(current_posts(user.pk, at).select_related("unit").order_by("unit__path", "seat"))
    units = [membership.unit for membership in memberships]
    covered = dispatched_units(user.pk, at=at)
    outs = iter(unit_outs([*units, *(post.unit for post in posts), *covered]))
    return Me(
        number=f"{volunteer.number:08d}",
        name=volunteer.name,
        phone=shown(user.phone, whole=reads_sealed(user, at)),
        language=cast(Literal[""] | LanguageName, user.language),
        duty=duty_out(volunteer, at=at),
        units=[next(outs) for _ in units],
        posts=[PostOut(unit=next(outs), role=Role(post.role), seat=post.seat) for post in posts],
        skills=list(volunteer.skills.order_by("code").values_list("code", flat=True)),
        may_dispatch=list(outs),
        standing=standing_out(volunteer),
        memberships=[membership_out(membership) for membership in memberships],
    )


def signed_in_out(made: DeviceTokens, *, at: datetime) -> SignedIn:
    """Return what a device is told when it has signed in: its tokens, and their volunteer."""
    me, tokens = me_of(made.user, at=at), made.tokens.model_dump()
    return SignedIn(**tokens, me=me, trust_secret=made.trust_secret, introduced=made.introduced)
