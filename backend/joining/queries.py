"""Reads applications and transfers."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.models import User, phone_keys
from backend.joining.models import Application, ApplicationStatus, Side, Transfer
from backend.joining.schemas import ApplicationOut, ApplicationPage, TransferOut
from backend.lib.errors import require
from backend.lib.names import same_name
from backend.volunteers.models import Unit, Volunteer, shows
from backend.volunteers.rules import managed_paths, may_manage, seen_from

PAGE = 50


TRANSFERS = 100
MOST_KEPT = 1_000


def applications_to(unit: Unit, *, status: ApplicationStatus, after: UUID | None) -> ApplicationPage:
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
    """Return an application to a leader who looks after its unit. Raises NotFound."""
    rows = Application.objects.select_related("unit", "volunteer")
    application = require(rows.filter(pk=application_id).first())
    require(may_manage(user, application.unit, at))
    return application


def pending_for(user: User, *, at: datetime) -> list[Application] | None:
    """Return the first 50 applications that wait in the caller's units; None for a caller who looks after none."""
    paths = managed_paths(user, at)
    if not paths:
        return None
    covered = reduce(or_, (seen_from(path, "unit__") for path in paths))
    waiting = Application.objects.waiting().filter(covered)
    return list(waiting.select_related("unit").order_by("at", "pk")[:PAGE])


def transfers_for(user: User, *, at: datetime) -> list[TransferOut]:
    """Return the transfers one may see, newest first, at most 100: one's own, and those of units one looks after."""
    paths = managed_paths(user, at)
    seen = Q(volunteer__user=user)
    for path in paths:
        seen |= seen_from(path, "from_unit__") | seen_from(path, "to_unit__")
    rows = Transfer.objects.filter(seen).select_related("volunteer", "from_unit", "to_unit")
    found = rows.order_by("-proposed_at", "-pk")[:TRANSFERS]
    return [_transfer_out(transfer, user, paths) for transfer in found]


def transfer_for(user: User, transfer_id: UUID, *, at: datetime, or_proposer: bool = False) -> TransferOut:
    """Return one transfer that `transfers_for` would return, however old, or that one proposed. Raises NotFound."""
    rows = Transfer.objects.select_related("volunteer", "from_unit", "to_unit")
    transfer = require(rows.filter(pk=transfer_id).first())
    own = transfer.volunteer.user_id == user.pk or (or_proposer and transfer.proposed_by_id == user.pk)
    require(own or any(may_manage(user, unit, at) for unit in (transfer.from_unit, transfer.to_unit)))
    return transfer_out(transfer, user, at=at)


def transfer_out(transfer: Transfer, user: User, *, at: datetime) -> TransferOut:
    """Return a transfer as a caller sees it.

    A leader who asks for another unit's member by number learns no name before that unit has agreed.
    """
    return _transfer_out(transfer, user, managed_paths(user, at))


def _transfer_out(transfer: Transfer, user: User, managed: Sequence[str]) -> TransferOut:
    agreed = transfer.is_done or transfer.waits_for == Side.RECEIVING
    own = transfer.volunteer.user_id == user.pk
    before = transfer.from_unit
    manages = any(shows(path, before.path, before.closed_depth) for path in managed)
    return TransferOut.of(transfer, named=own or agreed or manages)


def kept_of(volunteer: Volunteer) -> dict[str, Any]:
    """Return for a volunteer's export their applications and transfers; at most 1,000 of each."""
    applied = ("unit__number", "at", "status", "decided_at", "reason")
    moved = ("from_unit__number", "to_unit__number", "status", "proposed_at", "decided_at")
    return {
        "applications": list(applications_of(volunteer).order_by("pk").values(*applied)[:MOST_KEPT]),
        "transfers": list(volunteer.transfers.order_by("pk").values(*moved)[:MOST_KEPT]),
    }


def applications_of(volunteer: Volunteer) -> QuerySet[Application]:
    """Return the applications that made the person a volunteer, and others with their phone and name.

    Those wait, or were turned down. Other names are of other people, who may share the phone.
    """
    of_phone = Application.objects.filter(volunteer=None, phone_key__in=phone_keys(volunteer.user.phone))
    names = of_phone.values_list("pk", "name")
    own = [pk for pk, name in names if same_name(name, volunteer.name)]
    return Application.objects.filter(Q(volunteer=volunteer) | Q(pk__in=own))
