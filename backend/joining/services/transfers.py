"""Transfers: a volunteer changes units, joins a second one, or leaves; the number stays, the seat is a new one."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from math import ceil
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.joining.acts import Acts
from backend.joining.events import TransferChanged
from backend.joining.locks import transfers_to_lock
from backend.joining.models import Side, Transfer, TransferQuerySet, TransferStatus
from backend.joining.schemas import TransferIn, TransferOut
from backend.lib.buckets import Buckets
from backend.lib.errors import SENT_BEFORE, Allowance, NotFound, Refusal, TooMany, require
from backend.lib.made import unless_taken
from backend.realtime.log import Audience
from backend.volunteers.grants import OWN, Grant
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.queries.lives import numbers_of_leaders
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.rules import may_manage, may_release
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.memberships import belongs, leave, lock_volunteer, require_member
from backend.volunteers.services.seats import lock_units, take_seat

MOST_UNITS = 10
"""Units that a volunteer may belong to."""
COME_TO = {
    TransferStatus.DECLINED: Acts.TRANSFER_DECLINED,
    TransferStatus.DONE: Acts.TRANSFER_DONE,
    TransferStatus.PROPOSED: Acts.TRANSFER_PROPOSED,
    TransferStatus.WITHDRAWN: Acts.TRANSFER_WITHDRAWN,
}
"""The act by which a transfer comes to a status."""
MOST_OPEN = 100
"""Transfers of one proposer that may wait for an answer."""

Move = tuple[Volunteer, Unit, Unit]
"""A person, the unit that the person is to leave, and the one that the person comes to."""

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
    """Propose that a volunteer goes from one unit to another, or joins it besides.

    A caller who looks after both units does it at once; otherwise the other side has to agree. A volunteer who asks for
    it waits for the receiving unit alone: no unit holds a volunteer back. The same id and content again is a retry.
    Locks the volunteer. Raises NotFound unless `by` looks after one side or is the volunteer; NotMember, AlreadyMember,
    TooManyUnits, TooManyTransfers, TransferIdTaken, TooMany.
    """
    _count_asking(wanted, by, at)
    volunteer = lock_volunteer(volunteer_numbered(wanted.volunteer).pk)
    before, after = unit_by_number(wanted.from_unit), unit_by_number(wanted.to_unit)
    known = _read(Transfer.objects.filter(pk=wanted.id))
    # Before all that looks at the volunteer: a transfer that is done has moved them.
    if known is not None and _is_same(known, (volunteer.pk, before.pk, after.pk, wanted.stays, by.pk)):
        return known
    waits_for, grant = _who_agrees(volunteer, before, after, wanted.stays, by, at)
    require(known is None, TransferIdTaken)
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
    _require_possible(transfer)
    with acting(by=by, at=at, grant=grant) as act:
        _save_new(transfer, by if waits_for is None else None, act)
        _recount([transfer], at=at)
    return transfer


def transfer_by_roster(moves: Iterable[Move], *, act: Act) -> dict[int, UUID | Refusal]:
    """Propose transfers as a roster says, each by the same rules: a part of an act that has locked the volunteers.

    Returns the transfer of each volunteer, by key, or why it was refused. Locks the units, and the counts once.
    """
    by, wanted = act.by, list(moves)
    assert by is not None, "a transfer names who answers for it"
    lock_units([unit for _, *units in wanted for unit in units])
    found: dict[int, UUID | Refusal] = {}
    transfers = []
    for volunteer, before, after in wanted:
        try:
            transfers.append(_by_roster(volunteer, before, after, by, act))
            found[volunteer.pk] = transfers[-1].pk
        except Refusal as refusal:
            found[volunteer.pk] = refusal
    _recount(transfers, at=act.at)
    return found


def _by_roster(volunteer: Volunteer, before: Unit, after: Unit, by: User, act: Act) -> Transfer:
    waits_for, grant = _who_agrees(volunteer, before, after, False, by, act.at)
    transfer = Transfer(
        pk=uuid7(),
        volunteer=volunteer,
        from_unit=before,
        to_unit=after,
        waits_for=waits_for or Side.RECEIVING,
        proposed_by=by,
        proposed_at=act.at,
    )
    _require_possible(transfer)
    _save_new(transfer, by if waits_for is None else None, act.of(by, grant=grant))
    return transfer


def _is_same(known: Transfer, content: tuple[int, int, int, bool, int]) -> bool:
    kept = known.volunteer_id, known.from_unit_id, known.to_unit_id, known.stays, known.proposed_by_id
    return kept == content


def _count_asking(wanted: TransferIn, by: User, at: datetime) -> None:
    """Count a proposal about a member of another unit: its result tells whether the person belongs to that unit.

    The transfer itself tells the person who is found. Raises TooMany, whether the proposal would be taken or not.
    """
    with suppress(NotFound):
        if may_manage(by, unit_by_number(wanted.from_unit), at):
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
    """Agree to a transfer and do it now; a repetition changes nothing. Locks the transfer and the volunteer.

    Raises NotFound unless `by` is the side it waits for, TransferOver, AlreadyMember, TooManyUnits.
    """
    transfer, grant = _locked(transfer_id, by, at)
    if transfer.is_done:
        return transfer
    require(transfer.is_waiting, TransferOver)
    require(belongs(transfer.volunteer, transfer.from_unit), TransferOver)
    require(_is_still_wanted(transfer, at), TransferOver)
    _check(transfer.volunteer, transfer.from_unit, transfer.to_unit, transfer.stays)
    releasing = by if transfer.waits_for == Side.RELEASING else transfer.proposed_by
    with acting(by=by, at=at, grant=grant) as act:
        _carry_out(transfer, releasing=releasing, act=act)
        _decide(transfer, transfer.carry_out(by=by, at=at), act)
        _recount([transfer], at=at)
    return transfer


def _is_still_wanted(transfer: Transfer, at: datetime) -> bool:
    """Tell whether the proposer could still propose it: not if their post ended, or another person's began."""
    proposer, volunteer = transfer.proposed_by, transfer.volunteer
    if volunteer.user_id == proposer.pk:
        return True
    releases = may_release(proposer, volunteer, transfer.from_unit, at)
    receives = may_manage(proposer, transfer.to_unit, at)
    if transfer.waits_for == Side.RECEIVING:
        return bool(releases)
    return bool(receives if transfer.waits_for == Side.RELEASING else releases or receives)


@transaction.atomic
def decline_transfer(*, transfer_id: UUID, by: User, at: datetime) -> Transfer:
    """Turn a transfer down; again changes nothing. Raises NotFound unless it waits for `by`'s side, TransferOver."""
    transfer, grant = _locked(transfer_id, by, at)
    if transfer.status == TransferStatus.DECLINED:
        return transfer
    require(transfer.is_waiting, TransferOver)
    with acting(by=by, at=at, grant=grant) as act:
        _decide(transfer, transfer.decline(by=by, at=at), act)
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
    require(transfer.is_waiting, TransferOver)
    with acting(by=by, at=at) as act:
        _decide(transfer, transfer.withdraw(by=by, at=at), act)
    return transfer


def withdraw_open(transfers: TransferQuerySet, *, act: Act) -> None:
    """Withdraw those of the transfers that wait for an answer, as their conditions end. Locks them."""
    waiting = transfers_to_lock(transfers.waiting())
    found = list(waiting.select_related("volunteer", "from_unit", "to_unit").order_by("pk"))
    for transfer in found:
        _decide(transfer, transfer.withdraw(by=act.by, at=act.at), act)


def _who_agrees(
    volunteer: Volunteer, before: Unit, after: Unit, stays: bool, by: User, at: datetime
) -> tuple[Side | None, Grant]:
    """Return the side whose agreement is missing (None: no agreement is), and the grant by which `by` proposes.

    A transfer does not end posts of a higher rank than the releasing side's: the proposer must look after the person.
    """
    require_member(volunteer, before, by, at)
    require(not volunteer.has_retired)
    releases = may_release(by, volunteer, before, at)
    receives = may_manage(by, after, at)
    if volunteer.user_id == by.pk:
        return (None if receives and (releases or stays) else Side.RECEIVING), OWN
    if stays:
        return Side.VOLUNTEER if receives else Side.RECEIVING, require(receives or releases)
    if releases and receives:
        return None, releases
    return (Side.RECEIVING if releases else Side.RELEASING), require(releases or receives)


def _require_possible(transfer: Transfer) -> None:
    """Raise the refusal of a transfer that is to be proposed, if there is one."""
    _check(transfer.volunteer, transfer.from_unit, transfer.to_unit, transfer.stays)
    open_ones = Transfer.objects.waiting().filter(proposed_by=transfer.proposed_by)
    require(open_ones.count() < MOST_OPEN, TooManyTransfers)


def _check(volunteer: Volunteer, before: Unit, after: Unit, stays: bool) -> None:
    """Raise the refusal of a transfer, if there is one; locks both units, so that the checks hold for the seats."""
    now = lock_units([before, after])
    require(not now[after.pk].is_retired, TransferOver)
    require(not belongs(volunteer, after), AlreadyMember)
    require(not stays or volunteer.memberships.count() < MOST_UNITS, TooManyUnits)


def _carry_out(transfer: Transfer, *, releasing: User, act: Act) -> None:
    """Do a transfer, and leave the counts to the caller; `releasing` answers for the posts that end."""
    volunteer, before, after = transfer.volunteer, transfer.from_unit, transfer.to_unit
    is_primary = not transfer.stays and volunteer.memberships.filter(unit=before, is_primary=True).exists()
    if not transfer.stays:
        leave(volunteer, before, reason="transferred", releasing=releasing, act=act)
    take_seat(volunteer=volunteer, unit=after, is_primary=is_primary, at=act.at)
    units = {"from_unit": before.number, "to_unit": after.number}
    act.record(Acts.VOLUNTEER_TRANSFERRED, _subject(volunteer), stays=transfer.stays, **units)


def _recount(transfers: Iterable[Transfer], *, at: datetime) -> None:
    """Count the units anew that people have come to and gone from."""
    done = [transfer for transfer in transfers if transfer.is_done]
    if done:
        gone_from = [transfer.from_unit_id for transfer in done]
        recount_around([transfer.volunteer_id for transfer in done], also=gone_from, at=at)


def _save_new(transfer: Transfer, releasing: User | None, act: Act) -> None:
    """Save a transfer; one that waits for no other side is done at once, `releasing` by the proposer."""
    if releasing:
        _carry_out(transfer, releasing=releasing, act=act)
        transfer.carry_out(by=act.by, at=act.at)
    with unless_taken(TransferProposedAlready):  # the same may be open already
        transfer.save(force_insert=True)
    _record(transfer, act)


def _decide(transfer: Transfer, changed: list[str], act: Act) -> None:
    transfer.save(update_fields=changed)
    _record(transfer, act)


def _record(transfer: Transfer, act: Act) -> None:
    """Record the new status of a transfer; tell the volunteer and the leaders of both units, each on their topic."""
    act.record(COME_TO[TransferStatus(transfer.status)], f"transfer.{transfer.pk}")
    units = [transfer.from_unit, transfer.to_unit]
    leaders = numbers_of_leaders(units, at=act.at)
    shown = TransferChanged(transfer=TransferOut.of(transfer))
    for unit in units:
        if leaders[unit.pk]:
            act.tell(unit.topic, shown, Audience(numbers=leaders[unit.pk]))
    act.tell(transfer.volunteer.topic, shown)


def _locked(transfer_id: UUID, by: User, at: datetime) -> tuple[Transfer, Grant]:
    """Return the transfer, locked after its volunteer, and the grant by which `by` decides it."""
    found = _read(Transfer.objects.filter(pk=transfer_id))
    if found is None:
        raise NotFound
    lock_volunteer(found.volunteer_id)
    transfer = _read(transfers_to_lock().filter(pk=transfer_id))
    assert transfer is not None, "transfers are never deleted while their volunteer is locked"
    if transfer.waits_for == Side.VOLUNTEER:
        require(transfer.volunteer.user_id == by.pk)
        return transfer, OWN
    if transfer.waits_for == Side.RECEIVING:
        return transfer, require(may_manage(by, transfer.to_unit, at))
    return transfer, require(may_release(by, transfer.volunteer, transfer.from_unit, at))


def _read(rows: QuerySet[Transfer]) -> Transfer | None:
    return rows.select_related("volunteer", "from_unit", "to_unit", "proposed_by").first()


def _subject(volunteer: Volunteer) -> str:
    return f"volunteer.{volunteer.pk}"


def lock_open(unit: Unit) -> None:
    """Lock the transfers from and to a unit that wait for an answer, before the unit, as deciding on one does."""
    waiting = transfers_with(unit).waiting()
    list(transfers_to_lock(waiting).order_by("pk").values_list("pk"))


def transfers_with(unit: Unit) -> TransferQuerySet:
    """Return the transfers from and to a unit."""
    return Transfer.objects.filter(Q(from_unit=unit) | Q(to_unit=unit))


def move_to_kept(gone: Volunteer, kept: Volunteer, *, act: Act) -> None:
    """Withdraw the open transfers of a record that is merged; the record that is kept has all transfers from now on.

    Both records are locked.
    """
    withdraw_open(gone.transfers.all(), act=act)
    gone.transfers.update(volunteer=kept)
