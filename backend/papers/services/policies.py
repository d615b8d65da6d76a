"""Notes collective policies, ends them, and enters those whom they insure."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib.errors import require
from backend.papers.acts import Acts
from backend.papers.locks import policies_to_lock
from backend.papers.models import Occasion, PaperKind, Policy, Sheet
from backend.papers.rules import may_insure
from backend.papers.schemas import InsuredIn, PolicyIn
from backend.papers.services.refusals import NoInsuredPlace, OccasionOver, PolicyIdTaken, PolicyOver
from backend.papers.services.sheets import enter_sheet, key_of, known_sheet, lock_people
from backend.papers.services.times import check_time
from backend.volunteers.grants import Grant
from backend.volunteers.models import Unit
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import may_manage


@transaction.atomic
def record_policy(*, wanted: PolicyIn, by: User, at: datetime) -> Policy:
    """Note a collective policy. The same id and content again is the same policy.

    Raises NotFound unless `by` manages the unit, and for an occasion of another unit; OccasionOver, PolicyIdTaken,
    Invalid for a policy that is over already.
    """
    unit = unit_by_number(wanted.unit)
    grant = require(may_manage(by, unit, at))
    occasion = _occasion(wanted.occasion, unit) if wanted.occasion else None
    content = _content(wanted, unit, by)
    policy = Policy.objects.select_related("unit").filter(pk=wanted.id).first()
    if policy is None:
        require(occasion is None or not occasion.is_over(at), OccasionOver)
        check_time(wanted.from_at, wanted.until_at, at)
        policy, created = Policy.objects.get_or_create(pk=wanted.id, defaults={**content, "recorded_at": at})
        if created:
            with acting(by=by, at=at, grant=grant) as act:
                act.record(Acts.POLICY_RECORDED, f"policy.{policy.pk}", unit=unit.number)
    require(all(getattr(policy, name) == value for name, value in content.items()), PolicyIdTaken)
    return policy


def _occasion(occasion_id: UUID, unit: Unit) -> Occasion:
    return require(unit.occasions.filter(pk=occasion_id).first())


def _content(wanted: PolicyIn, unit: Unit, by: User) -> dict[str, Any]:
    """Return the fields that make two policies the same."""
    return {
        "unit_id": unit.pk,
        "occasion_id": wanted.occasion,
        "insurer": wanted.insurer,
        "number": wanted.number,
        "from_at": wanted.from_at,
        "until_at": wanted.until_at,
        "places": wanted.places,
        "recorded_by_id": by.pk,
    }


@transaction.atomic
def end_policy(*, policy_id: UUID, by: User, at: datetime) -> Policy:
    """End a policy that was wrong, or was cancelled. Again changes nothing. Locks it. Raises NotFound."""
    policy = require(policies_to_lock().filter(pk=policy_id).first())
    grant = require(may_manage(by, policy.unit, at))
    if policy.ended_at is None:
        policy.save(update_fields=policy.stop(at=at))
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.POLICY_ENDED, f"policy.{policy.pk}")
    return policy


@transaction.atomic
def insure(*, policy_id: UUID, wanted: InsuredIn, by: User, at: datetime) -> Sheet:
    """Enter people on a policy: the last of its places goes to exactly one person.

    Those who are on it already take no second place. The same id and content again is the same sheet. Locks the policy,
    then the volunteers. Raises NotFound, PolicyOver, NoInsuredPlace with none of them entered, and what `lock_people`
    and `known_sheet` raise.
    """
    policy, grant = _to_insure(policy_id, by, at)
    key = key_of(wanted, PaperKind.INSURANCE, policy.pk)
    if known := known_sheet(wanted.id, key, by):
        return known
    is_over = policy.is_over(at) or (policy.occasion is not None and policy.occasion.is_over(at))
    require(not is_over, PolicyOver)
    people = lock_people(wanted.people, by=by)
    insured = set(policy.lines.filter(volunteer__in=people).values_list("volunteer", flat=True))
    new = [person for person in people if person.pk not in insured]
    if policy.places is not None:
        left = policy.places - policy.lines.count()
        if len(new) > left:
            raise NoInsuredPlace(left)
    with acting(by=by, at=at, grant=grant) as act:
        sheet, _ = enter_sheet(
            id=wanted.id, kind=PaperKind.INSURANCE, key=key, people=new, policy=policy, act=act
        )
    return sheet


def _to_insure(policy_id: UUID, by: User, at: datetime) -> tuple[Policy, Grant]:
    """Return the policy, locked, and the grant to enter people on it."""
    policy = require(policies_to_lock().filter(pk=policy_id).first())
    return policy, require(may_insure(by, policy, at))


def lock_policies(unit: Unit) -> None:
    """Lock the policies of a unit, before the unit, as acts on them do."""
    list(policies_to_lock(unit.policies.all()).order_by("pk").values_list("pk"))


def give_policies(unit: Unit, successor: Unit) -> None:
    """Give the policies of a unit to its successor: they insure in its tasks."""
    unit.policies.update(unit=successor)
