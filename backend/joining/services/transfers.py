"""Volunteers go from one unit to another, join a second one, and leave: the number stays, the seat is given anew."""

from contextlib import suppress
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.audit.services import record
from backend.joining.events import TransferChanged
from backend.joining.locks import transfers_to_lock
from backend.joining.models import Side, Transfer, TransferStatus
from backend.joining.schemas import TransferIn, TransferOut
from backend.lib.buckets import Buckets
from backend.lib.errors import SENT_BEFORE, Allowance, NotFound, Refusal, TooMany, require
from backend.realtime.log import Announcement, Audience, publish_all
from backend.volunteers.models import Standing, Unit, Volunteer
from backend.volunteers.queries.lives import numbers_of_leaders
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import (
    post_that_manages,
    post_that_releases,
)
from backend.volunteers.services.allowed import allowed_by
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.memberships import belongs, leave, lock_volunteer, require_member
from backend.volunteers.services.seats import lock_units, take_seat

MOST_UNITS = 10
"""Units that a volunteer may belong to."""
MOST_OPEN = 100
"""Transfers that one person may have proposed and that nobody has answered."""

asked = Buckets(at_once=30, per_s=30 / 3_600)
"""Proposals about members of units that the proposer does not look after, by the key of the account."""


class TransferIdTaken(Refusal):
    """There is another transfer with this id; make a new one."""

    slug = "transfer-id-taken"
    text = SENT_BEFORE


class TransferProposedAlready(Refusal):
    """The same transfer has been proposed already, and waits for its answer."""

    slug = "transfer-proposed-already"
    text = _("The same transfer has been proposed already, and waits for its answer.")


class TransferOver(Refusal):
    """This transfer has been decided already, or what it rests on no longer holds."""

    slug = "transfer-over"
    text = _("This transfer has been decided already, or the volunteer or a unit has changed since.")


class AlreadyMember(Refusal):
    """The volunteer belongs to this unit already."""

    slug = "already-member"
    text = _("The volunteer belongs to this unit already.")


class TooManyUnits(Refusal):
    """A volunteer may belong to 10 units; leave one first."""

    slug = "too-many-units"
    text = _("A volunteer may belong to 10 units. Leave one first.")


class TooManyTransfers(Refusal):
    """Too many transfers wait for an answer; withdraw some first."""

    slug = "too-many-transfers"
    text = _("Too many of your transfers wait for an answer. Withdraw some first.")


@transaction.atomic
def propose_transfer(*, wanted: TransferIn, by: User, at: datetime) -> Transfer:
    """Propose that somebody goes from one unit to another, or joins it besides.

    Whoever looks after both units does it at once; otherwise the other side has to agree. A volunteer who asks for it
    waits for the unit that takes in: nobody is held back. The same id and content again is a retry. Locks the
    volunteer. Raises NotFound unless `by` looks after one side or is the volunteer; NotMember, AlreadyMember,
    TooManyUnits, TooManyTransfers, TransferIdTaken, TooMany.
    """
    _count_asking(wanted, by, at)
    volunteer = lock_volunteer(volunteer_numbered(wanted.volunteer).pk)
    before, after = unit_by_number(wanted.from_unit), unit_by_number(wanted.to_unit)
    waits_for, post = _who_agrees(volunteer, before, after, wanted.stays, by, at)
    content = (volunteer.pk, before.pk, after.pk, wanted.stays, by.pk)
    known = _read(Transfer.objects.filter(pk=wanted.id))
    if known is not None:
        kept = known.volunteer_id, known.from_unit_id, known.to_unit_id, known.stays, known.proposed_by_id
        require(kept == content, TransferIdTaken)
        return known
    _check(volunteer, before, after, wanted.stays)
    open_ones = Transfer.objects.filter(proposed_by=by, status=TransferStatus.PROPOSED)
    require(open_ones.count() < MOST_OPEN, TooManyTransfers)
    transfer = Transfer(
        pk=wanted.id,
        volunteer=volunteer,
        from_unit=before,
        to_unit=after,
        stays=wanted.stays,
        waits_for=waits_for or Side.RECEIVING,
        proposed_by=by,
        proposed_at=at,
    )
    return _save_new(transfer, done=waits_for is None, post=post, by=by, at=at)


def _count_asking(wanted: TransferIn, by: User, at: datetime) -> None:
    """Count a proposal about another unit's member: whether it is taken tells who belongs to that unit.

    A person who is found is told by the transfer itself. Raises TooMany, whether it would be taken or not.
    """
    with suppress(NotFound):
        if post_that_manages(by, unit_by_number(wanted.from_unit), at):
            return
    with suppress(NotFound):
        if volunteer_numbered(wanted.volunteer).user_id == by.pk:
            return
    if wait_s := asked.take(str(by.pk)):
        limit = Allowance("asked-for", asked.at_once, ceil(asked.at_once / asked.per_s))
        raise TooMany(
            "You have asked for very many members of other units.", retry_after_s=ceil(wait_s), limit=limit
        )


@transaction.atomic
def accept_transfer(*, transfer_id: UUID, by: User, at: datetime) -> Transfer:
    """Agree to a transfer, which is done now; again changes nothing. Locks the transfer and the volunteer.

    Raises NotFound unless `by` is the side it waits for, TransferOver, AlreadyMember, TooManyUnits.
    """
    transfer, post = _locked(transfer_id, by, at)
    if transfer.status == TransferStatus.DONE:
        return transfer
    require(transfer.status == TransferStatus.PROPOSED, TransferOver)
    require(belongs(transfer.volunteer, transfer.from_unit), TransferOver)
    require(_is_still_wanted(transfer, at), TransferOver)
    _check(transfer.volunteer, transfer.from_unit, transfer.to_unit, transfer.stays)
    releasing = by if transfer.waits_for == Side.RELEASING else transfer.proposed_by
    ended_too = _carry_out(transfer, releasing=releasing, by=by, at=at)
    _decide(transfer, TransferStatus.DONE, ended_too, post=post, by=by, at=at)
    return transfer


def _is_still_wanted(transfer: Transfer, at: datetime) -> bool:
    """Tell whether the proposer could propose it still: a post that ended, or another's that began, ends it."""
    proposer, volunteer = transfer.proposed_by, transfer.volunteer
    if volunteer.user_id == proposer.pk:
        return True
    releases = post_that_releases(proposer, volunteer, transfer.from_unit, at)
    receives = post_that_manages(proposer, transfer.to_unit, at)
    if transfer.waits_for == Side.RECEIVING:
        return releases is not None
    return receives is not None if transfer.waits_for == Side.RELEASING else bool(releases or receives)


@transaction.atomic
def decline_transfer(*, transfer_id: UUID, by: User, at: datetime) -> Transfer:
    """Turn a transfer down; again changes nothing. Raises NotFound unless it waits for `by`'s side, TransferOver."""
    transfer, post = _locked(transfer_id, by, at)
    if transfer.status == TransferStatus.DECLINED:
        return transfer
    require(transfer.status == TransferStatus.PROPOSED, TransferOver)
    _decide(transfer, TransferStatus.DECLINED, [], post=post, by=by, at=at)
    return transfer


@transaction.atomic
def withdraw_transfer(*, transfer_id: UUID, by: User, at: datetime) -> Transfer:
    """Take back a transfer that one proposed, or that concerns oneself; again changes nothing.

    Raises NotFound, TransferOver.
    """
    transfer = _read(transfers_to_lock().filter(pk=transfer_id))
    if transfer is None or by.pk not in {transfer.proposed_by_id, transfer.volunteer.user_id}:
        raise NotFound
    if transfer.status == TransferStatus.WITHDRAWN:
        return transfer
    require(transfer.status == TransferStatus.PROPOSED, TransferOver)
    _decide(transfer, TransferStatus.WITHDRAWN, [], post="", by=by, at=at)
    return transfer


def withdraw_open(transfers: QuerySet[Transfer], *, by: User, at: datetime) -> list[Announcement]:
    """Withdraw those of the transfers that nobody has decided, for what they rest on ends; returns what to announce.

    Only inside a transaction. Locks them.
    """
    waiting = transfers_to_lock(transfers).filter(status=TransferStatus.PROPOSED)
    found = list(waiting.select_related("volunteer", "from_unit", "to_unit").order_by("pk"))
    for transfer in found:
        _mark(transfer, TransferStatus.WITHDRAWN, post="", by=by, at=at)
    return [told for transfer in found for told in _announcements(transfer, at)]


def _who_agrees(
    volunteer: Volunteer, before: Unit, after: Unit, stays: bool, by: User, at: datetime
) -> tuple[Side | None, str]:
    """Return whose agreement is missing (None: nobody's), and the post by which `by` proposes.

    Posts of a higher rank than the releasing side's do not go away by a transfer: the proposer must look after the
    person.
    """
    require_member(volunteer, before, by, at)
    require(volunteer.standing != Standing.RETIRED)
    releases = post_that_releases(by, volunteer, before, at)
    receives = post_that_manages(by, after, at)
    if volunteer.user_id == by.pk:
        return (None if receives and (releases or stays) else Side.RECEIVING), ""
    if stays:
        return Side.VOLUNTEER if receives else Side.RECEIVING, allowed_by(receives or releases)
    if releases and receives:
        return None, releases.title
    return (Side.RECEIVING if releases else Side.RELEASING), allowed_by(releases or receives)


def _check(volunteer: Volunteer, before: Unit, after: Unit, stays: bool) -> None:
    """Raise what stands against it; locks both units, so that what was checked still holds when seats are given."""
    now = lock_units([before, after])
    require(now[after.pk].retired_at is None, TransferOver)
    require(not belongs(volunteer, after), AlreadyMember)
    require(not stays or volunteer.memberships.count() < MOST_UNITS, TooManyUnits)


def _carry_out(transfer: Transfer, *, releasing: User, by: User, at: datetime) -> list[Announcement]:
    """Do a transfer; `releasing` answers for the posts that end. Returns what to tell of those that end with them."""
    volunteer, before, after = transfer.volunteer, transfer.from_unit, transfer.to_unit
    is_primary = not transfer.stays and volunteer.memberships.filter(unit=before, is_primary=True).exists()
    ended_too: list[Announcement] = []
    if not transfer.stays:
        ended_too = leave(volunteer, before, reason="transferred", releasing=releasing, by=by, at=at)
    take_seat(volunteer=volunteer, unit=after, is_primary=is_primary, at=at)
    recount_around([volunteer.pk], also=[before.pk], at=at)
    details: dict[str, Any] = {"from_unit": before.number, "to_unit": after.number, "stays": transfer.stays}
    record("volunteer.transferred", subject=_subject(volunteer), by=by, at=at, **details)
    return ended_too


def _save_new(transfer: Transfer, *, done: bool, post: str, by: User, at: datetime) -> Transfer:
    ended_too: list[Announcement] = []
    if done:
        ended_too = _carry_out(transfer, releasing=by, by=by, at=at)
        transfer.status, transfer.decided_by, transfer.decided_at = TransferStatus.DONE, by, at
    try:
        with transaction.atomic():
            transfer.save(force_insert=True)
    except IntegrityError as error:  # somebody else has proposed the same, and it is open
        raise TransferProposedAlready from error
    record(f"transfer.{transfer.status}", subject=f"transfer.{transfer.pk}", by=by, at=at, post=post)
    publish_all([*_announcements(transfer, at), *ended_too], at=at)
    return transfer


def _decide(
    transfer: Transfer, to: TransferStatus, told: list[Announcement], *, post: str, by: User, at: datetime
) -> None:
    _mark(transfer, to, post=post, by=by, at=at)
    publish_all([*_announcements(transfer, at), *told], at=at)


def _mark(transfer: Transfer, to: TransferStatus, *, post: str, by: User, at: datetime) -> None:
    transfer.status, transfer.decided_by, transfer.decided_at = to, by, at
    transfer.save(update_fields=["status", "decided_by", "decided_at"])
    record(f"transfer.{to}", subject=f"transfer.{transfer.pk}", by=by, at=at, post=post)


def _announcements(transfer: Transfer, at: datetime) -> list[Announcement]:
    """Tell the leaders of both units, each on the topic of their own, and the volunteer."""
    units = [transfer.from_unit, transfer.to_unit]
    leaders = numbers_of_leaders(units, at=at)
    shown = TransferChanged(transfer=TransferOut.of(transfer))
    told = [
        Announcement(unit.topic, shown, Audience(numbers=leaders[unit.pk]))
        for unit in units
        if leaders[unit.pk]
    ]
    return [*told, Announcement(transfer.volunteer.topic, shown)]


def _locked(transfer_id: UUID, by: User, at: datetime) -> tuple[Transfer, str]:
    """Return the transfer, locked after its volunteer, and the post by which `by` decides it."""
    found = _read(Transfer.objects.filter(pk=transfer_id))
    if found is None:
        raise NotFound
    lock_volunteer(found.volunteer_id)
    transfer = _read(transfers_to_lock().filter(pk=transfer_id))
    assert transfer is not None, "transfers are never deleted while their volunteer is locked"
    if transfer.waits_for == Side.VOLUNTEER:
        require(transfer.volunteer.user_id == by.pk)
        return transfer, ""
    if transfer.waits_for == Side.RECEIVING:
        return transfer, allowed_by(post_that_manages(by, transfer.to_unit, at))
    return transfer, allowed_by(post_that_releases(by, transfer.volunteer, transfer.from_unit, at))


def _read(rows: QuerySet[Transfer]) -> Transfer | None:
    return rows.select_related("volunteer", "from_unit", "to_unit", "proposed_by").first()


def _subject(volunteer: Volunteer) -> str:
    return f"volunteer.{volunteer.pk}"


def lock_open(unit: Unit) -> None:
    """Lock the transfers from and to a unit that wait for an answer, before the unit, as deciding on one does."""
    waiting = transfers_with(unit).filter(status=TransferStatus.PROPOSED)
    list(transfers_to_lock(waiting).order_by("pk").values_list("pk"))


def transfers_with(unit: Unit) -> QuerySet[Transfer]:
    """Return the transfers from and to a unit."""
    return Transfer.objects.filter(Q(from_unit=unit) | Q(to_unit=unit))


def move_to_kept(gone: Volunteer, kept: Volunteer, *, by: User, at: datetime) -> list[Announcement]:
    """Withdraw the open transfers of a record that is merged into another, which has all of them from now on.

    Returns what to announce. Both are locked.
    """
    told = withdraw_open(gone.transfers.all(), by=by, at=at)
    gone.transfers.update(volunteer=kept)
    return told
