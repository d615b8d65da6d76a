"""Reads the lives of volunteers: standing, memberships, applications, transfers, posts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q

from backend.lib.errors import require, required
from backend.volunteers.models import (
    MANAGING_ROLES,
    Application,
    ApplicationStatus,
    Membership,
    Post,
    Standing,
    Transfer,
    TransferStatus,
    Unit,
    User,
    Volunteer,
)
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.rules import current_posts, may_manage, within
from backend.volunteers.schemas.lives import (
    ApplicationOut,
    ApplicationPage,
    MembershipOut,
    StandingOut,
    TransferOut,
)

PAGE = 50
TRANSFERS = 100


def standing_out(volunteer: Volunteer) -> StandingOut:
    """Return where somebody's service stands."""
    return StandingOut.model_validate(
        {
            "volunteer": volunteer.number,
            "standing": volunteer.standing,
            "until": volunteer.standing_until,
            "reason": volunteer.standing_reason,
        }
    )


def membership_out(membership: Membership) -> MembershipOut:
    """Return a membership that was read with its unit."""
    seat = membership.seat
    return MembershipOut(
        unit=membership.unit.number,
        seat=seat_text(membership.unit, seat) if seat else None,
        is_primary=membership.is_primary,
    )


def memberships_of(volunteer: Volunteer) -> list[MembershipOut]:
    """Return the units somebody belongs to, the primary one first."""
    rows = volunteer.memberships.select_related("unit").order_by("-is_primary", "unit__path")
    return [membership_out(row) for row in rows]


def applications_to(unit: Unit, *, status: str, after: UUID | None) -> ApplicationPage:
    """Return up to 50 applications to the unit itself, the oldest first; `after` is the last of the page before."""
    found = Application.objects.filter(unit=unit, status=status)
    if after:
        last = found.filter(pk=after).first()
        require(last is not None)
        assert last is not None
        found = found.filter(Q(at__gt=last.at) | Q(at=last.at, pk__gt=last.pk))
    page = list(found.select_related("unit", "volunteer").order_by("at", "pk")[: PAGE + 1])
    items = [ApplicationOut.of(application) for application in page[:PAGE]]
    return ApplicationPage(items=items, next=items[-1].id if len(page) > PAGE else None)


def application_for(user: User, application_id: UUID, *, at: datetime) -> Application:
    """Return an application to whoever looks after its unit. Raises NotFound."""
    rows = Application.objects.select_related("unit", "volunteer")
    application = required(rows.filter(pk=application_id).first())
    require(may_manage(user, application.unit, at))
    return application


def pending_for(user: User, *, at: datetime) -> list[Application] | None:
    """Return the first 50 applications that wait in units one looks after; None for whoever looks after no unit."""
    paths = _managed_paths(user, at)
    if not paths:
        return None
    covered = reduce(or_, (within(path, "unit__path") for path in paths))
    waiting = Application.objects.filter(covered, status=ApplicationStatus.PENDING)
    return list(waiting.select_related("unit").order_by("at", "pk")[:PAGE])


def transfers_for(user: User, *, at: datetime) -> list[TransferOut]:
    """Return the transfers one may see, newest first, at most 100: one's own, and those of units one looks after."""
    paths = _managed_paths(user, at)
    seen = Q(volunteer__user=user)
    for path in paths:
        seen |= within(path, "from_unit__path") | within(path, "to_unit__path")
    rows = Transfer.objects.filter(seen).select_related("volunteer", "from_unit", "to_unit")
    found = rows.order_by("-proposed_at", "-pk")[:TRANSFERS]
    return [_transfer_out(transfer, user, paths) for transfer in found]


def transfer_for(user: User, transfer_id: UUID, *, at: datetime, or_proposer: bool = False) -> TransferOut:
    """Return one transfer that `transfers_for` would return, however old, or that one proposed. Raises NotFound."""
    rows = Transfer.objects.select_related("volunteer", "from_unit", "to_unit")
    transfer = required(rows.filter(pk=transfer_id).first())
    own = transfer.volunteer.user_id == user.pk or (or_proposer and transfer.proposed_by_id == user.pk)
    require(own or any(may_manage(user, unit, at) for unit in (transfer.from_unit, transfer.to_unit)))
    return transfer_out(transfer, user, at=at)


def transfer_out(transfer: Transfer, user: User, *, at: datetime) -> TransferOut:
    """Return a transfer as somebody sees it.

    Whoever asks for another unit's member by number learns no name before that unit has agreed.
    """
    return _transfer_out(transfer, user, _managed_paths(user, at))


def _transfer_out(transfer: Transfer, user: User, managed: Sequence[str]) -> TransferOut:
    agreed = transfer.status == TransferStatus.DONE or transfer.waits_for == "receiving"
    own = transfer.volunteer.user_id == user.pk
    manages = any(transfer.from_unit.path.startswith(path) for path in managed)
    return TransferOut.of(transfer, named=own or agreed or manages)


def _managed_paths(user: User, at: datetime) -> list[str]:
    posts = current_posts(user.pk, at).filter(role__in=MANAGING_ROLES)
    return list(posts.values_list("unit__path", flat=True))


def posts_in(unit: Unit, *, at: datetime) -> list[Post]:
    """Return the posts of a unit that are held at `at` or will be, by seat."""
    lasting = Q(until_at=None) | Q(until_at__gt=at)
    rows = Post.objects.filter(lasting, unit=unit).select_related("unit", "volunteer")
    return list(rows.order_by("seat", "from_at", "pk"))


def numbers_of_leaders(units: Iterable[Unit], *, at: datetime) -> dict[int, list[int]]:
    """Return the numbers of those who look after each unit by a post in it, by the unit's key; one query."""
    found: dict[int, list[int]] = {unit.pk: [] for unit in units}
    in_time = Q(from_at__lte=at) & (Q(until_at=None) | Q(until_at__gt=at))
    posts = Post.objects.filter(
        in_time, unit__in=list(found), role__in=MANAGING_ROLES, volunteer__standing=Standing.ACTIVE
    )
    for unit_id, number in posts.values_list("unit_id", "volunteer__number").distinct():
        found[unit_id].append(number)
    return found
