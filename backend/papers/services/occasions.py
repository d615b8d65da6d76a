"""Opens and closes occasions, and names their desks."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import NotAllowed, require
from backend.papers.acts import Acts
from backend.papers.locks import occasions_to_lock
from backend.papers.models import Desk, Occasion
from backend.papers.rules import may_command, may_see_occasion
from backend.papers.schemas import OccasionIn
from backend.papers.services.refusals import OccasionIdTaken, OccasionOver, TooManyDesks
from backend.papers.services.times import check_time
from backend.volunteers.grants import Grant
from backend.volunteers.models import Post, Unit
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import may_manage, may_see_unit

MOST_DESKS = 50


@transaction.atomic
def open_occasion(*, wanted: OccasionIn, by: User, at: datetime) -> Occasion:
    """Open an occasion of a unit. The same id and content again is the same occasion.

    Raises NotFound unless `by` manages the unit, OccasionIdTaken, Invalid for an occasion that is over already.
    """
    unit = unit_by_number(wanted.unit)
    grant = require(may_manage(by, unit, at))
    content = {
        "unit_id": unit.pk,
        "name": wanted.name,
        "from_at": wanted.from_at,
        "until_at": wanted.until_at,
        "opened_by_id": by.pk,
    }
    occasion = Occasion.objects.select_related("unit").filter(pk=wanted.id).first()
    if occasion is None:
        check_time(wanted.from_at, wanted.until_at, at)
        occasion, created = Occasion.objects.get_or_create(
            pk=wanted.id, defaults={**content, "opened_at": at}
        )
        if created:
            with acting(by=by, at=at, grant=grant) as act:
                act.record(Acts.OCCASION_OPENED, subject_of(occasion), unit=unit.number)
    require(all(getattr(occasion, name) == value for name, value in content.items()), OccasionIdTaken)
    return occasion


@transaction.atomic
def close_occasion(*, occasion_id: UUID, by: User, at: datetime) -> Occasion:
    """Close an occasion before its end: all its papers end now. Again, or when it is over, changes nothing.

    Locks it. Raises NotFound, NotAllowed to those who see it and are no commanders.
    """
    occasion, grant = _commanded(occasion_id, by, at)
    if not occasion.is_over(at):
        occasion.save(update_fields=occasion.close(at=at))
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.OCCASION_CLOSED, subject_of(occasion))
    return occasion


@transaction.atomic
def name_desk(*, occasion_id: UUID, post_id: int, by: User, at: datetime) -> Occasion:
    """Name a post that enters the papers of an occasion and attests ages; again changes nothing.

    Locks the occasion. Raises NotFound, also for a post that has ended or stands in a unit that `by` may not see;
    NotAllowed, OccasionOver, TooManyDesks.
    """
    occasion, grant = _commanded(occasion_id, by, at)
    post = require(Post.objects.lasting(at).select_related("unit").filter(pk=post_id).first())
    require(may_see_unit(by, post.unit, at))
    named = occasion.desks.named()
    if named.filter(post=post).exists():
        return occasion
    require(not occasion.is_over(at), OccasionOver)
    require(named.count() < MOST_DESKS, TooManyDesks)
    Desk.objects.create(occasion=occasion, post=post, named_by=by, named_at=at)
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.OCCASION_DESK_NAMED, subject_of(occasion), post=post.pk)
    return occasion


@transaction.atomic
def end_desk(*, occasion_id: UUID, post_id: int, by: User, at: datetime) -> Occasion:
    """Let a post enter no more; what it has entered holds on. Again changes nothing. Raises NotFound, NotAllowed."""
    occasion, grant = _commanded(occasion_id, by, at)
    desk = require(occasion.desks.filter(post=post_id).order_by("-pk").first())
    if desk.ended_at is None:
        desk.save(update_fields=desk.stop(at=at))
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.OCCASION_DESK_ENDED, subject_of(occasion), post=post_id)
    return occasion


def _commanded(occasion_id: UUID, by: User, at: datetime) -> tuple[Occasion, Grant]:
    """Return the occasion, locked, and the grant to command it."""
    occasion = require(occasions_to_lock().filter(pk=occasion_id).first())
    require(may_see_occasion(by, occasion, at))
    return occasion, require(may_command(by, occasion, at), NotAllowed)


def subject_of(occasion: Occasion) -> str:
    """Return how the audit names an occasion."""
    return f"occasion.{occasion.pk}"


def lock_occasions(unit: Unit) -> None:
    """Lock the occasions of a unit, before the unit, as acts on them do."""
    list(occasions_to_lock(unit.occasions.all()).order_by("pk").values_list("pk"))


def give_occasions(unit: Unit, successor: Unit) -> None:
    """Give the occasions of a unit to its successor."""
    unit.occasions.update(unit=successor)
