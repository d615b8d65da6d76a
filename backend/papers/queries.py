"""Reads occasions and policies, and composes the conditions of the law from own and collective papers."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from backend.accounts.models import User
from backend.lib.errors import require
from backend.papers.models import Briefing, Desk, Line, Occasion, PaperKind, Policy, Sheet
from backend.papers.rules import may_insure, may_see_occasion
from backend.papers.schemas import OccasionOut, PolicyOut, SheetOut
from backend.volunteers.models import Credential, CredentialKind, Unit, Volunteer, adult_if_born_until
from backend.volunteers.rules import current_posts, may_manage, seen_from

OCCASIONS = 100
MOST_KEPT = 10_000
"""Lines of one volunteer that an export holds."""


def has_every_paper(at: datetime, *, occasion: UUID | None, line: Sequence[str], of: str = "pk") -> Q:
    """Return the condition of being insured, trained and bound at `at`, by own papers or by collective ones.

    `occasion` is the key of the task's, `line` the paths from the root to the task's unit. `of` names the key of the
    volunteer in the rows asked for. Own papers count everywhere; collective ones in their occasion, and a policy
    without one in the tasks of its unit.
    """
    own = Credential.objects.good(at).filter(volunteer=OuterRef(of))
    condition = Q()
    for kind in CredentialKind:
        held = Q(Exists(own.filter(kind=kind)))
        # A set that is read once, and no second question for every person.
        for lines in _collective(kind, at, occasion, line):
            held |= Q(**{f"{of}__in": lines.values("volunteer")})
        condition &= held
    return condition


def _collective(
    kind: CredentialKind, at: datetime, occasion: UUID | None, line: Sequence[str]
) -> Iterator[QuerySet[Line]]:
    """Yield the lines that stand for one kind of paper, none where no line can."""
    if kind == CredentialKind.INSURANCE:
        policies = Policy.objects.covering(at, occasion=occasion, line=list(line))
        yield Line.objects.not_voided().filter(kind=PaperKind.INSURANCE, policy__in=policies)
    elif occasion is not None:
        yield Line.objects.of_occasion(occasion, at).filter(kind=kind.value)


def is_proven_adult(
    now: datetime, at: datetime, *, occasion: UUID | None, of: str = "pk", prefix: str = ""
) -> Q:
    """Return the condition of being 18 by a known date of birth now, or by an age attested in the occasion of `at`.

    An attested age counts only without a date of birth: a date that turns up later decides alone. `of` names the key
    of the volunteer in the rows asked for, `prefix` leads to the volunteer's own columns.
    """
    proven = Q(**{f"{prefix}born_on__lte": adult_if_born_until(now)})
    if occasion is None:
        return proven
    attested = _attested(at, occasion).values("volunteer")
    return proven | Q(**{f"{prefix}born_on__isnull": True, f"{of}__in": attested})


def _attested(at: datetime, occasion: UUID) -> QuerySet[Line]:
    return Line.objects.of_occasion(occasion, at).filter(kind=PaperKind.ADULTHOOD)


def attested_among(people: Collection[int], at: datetime, *, occasion: UUID) -> set[int]:
    """Return those of the people (keys of volunteers) whose age is attested in an occasion that runs at `at`."""
    return set(_attested(at, occasion).filter(volunteer__in=people).values_list("volunteer", flat=True))


def warned_among(people: Collection[int], at: datetime, *, occasion: UUID) -> set[int]:
    """Return those of the people who signed a list with the risk notice, of an occasion that runs at `at`."""
    signed = Line.objects.of_occasion(occasion, at).filter(
        kind=PaperKind.AGREEMENT, sheet__signed_list__with_risk_notice=True
    )
    return set(signed.filter(volunteer__in=people).values_list("volunteer", flat=True))


def occasions_for(user: User, *, at: datetime) -> list[OccasionOut]:
    """Return the occasions that run, or will, and that `may_see_occasion` shows; at most 100.

    The earliest come first: those that run are never hidden by such as are planned.
    """
    posts = list(current_posts(user.pk, at).dispatching().values_list("unit__path", flat=True))
    seen = Q(desks__in=_desks_of(user, at))
    for path in posts:
        line = [path[:end] for end in range(Unit.steplen, len(path), Unit.steplen)]
        seen |= seen_from(path, "unit__") | Q(unit__path__in=line)
    found = Occasion.objects.lasting(at).filter(seen).distinct().select_related("unit")
    return [occasion_out(occasion) for occasion in _with_desks(found).order_by("from_at", "pk")[:OCCASIONS]]


def _desks_of(user: User, at: datetime) -> QuerySet[Any]:
    return Desk.objects.named().filter(post__in=current_posts(user.pk, at))


def occasion_for(user: User, occasion_id: UUID, *, at: datetime) -> Occasion:
    """Return an occasion to a caller who may see it. Raises NotFound."""
    occasion = require(Occasion.objects.select_related("unit").filter(pk=occasion_id).first())
    require(may_see_occasion(user, occasion, at))
    return occasion


def occasion_of_task(occasion_id: UUID, unit: Unit) -> Occasion:
    """Return the occasion that a task of a unit may name: its own, or that of a unit above. Raises NotFound."""
    above = Occasion.objects.filter(pk=occasion_id, unit__path__in=unit.line)
    return require(above.first())


def _with_desks(occasions: QuerySet[Occasion]) -> QuerySet[Occasion]:
    return occasions.prefetch_related(
        Prefetch("desks", Desk.objects.named().order_by("pk"), to_attr="open_desks")
    )


def occasion_out(occasion: Occasion) -> OccasionOut:
    """Return an occasion as clients see it; a query for its desks unless they were read with it."""
    desks = getattr(occasion, "open_desks", None)
    if desks is None:
        desks = occasion.desks.named().order_by("pk")
    return OccasionOut.model_validate(
        {
            "id": occasion.pk,
            "unit": occasion.unit.number,
            "name": occasion.name,
            "from_at": occasion.from_at,
            "until_at": occasion.until_at,
            "closed_at": occasion.closed_at,
            "desks": [desk.post_id for desk in desks],
        }
    )


def policy_for(user: User, policy_id: UUID, *, at: datetime) -> Policy:
    """Return a policy to a caller who may insure people by it. Raises NotFound."""
    policy = require(Policy.objects.select_related("unit", "occasion__unit").filter(pk=policy_id).first())
    require(may_insure(user, policy, at))
    return policy


def policy_out(policy: Policy) -> PolicyOut:
    """Return a policy with the number of those who are insured by it."""
    return PolicyOut.model_validate(
        {
            "id": policy.pk,
            "unit": policy.unit.number,
            "occasion": policy.occasion_id,
            "insurer": policy.insurer,
            "number": policy.number,
            "from_at": policy.from_at,
            "until_at": policy.until_at,
            "places": policy.places,
            "insured": policy.lines.not_voided().count(),
            "ended_at": policy.ended_at,
        }
    )


def sheet_out(sheet: Sheet) -> SheetOut:
    """Return what a desk has entered, without the people."""
    return SheetOut(
        id=sheet.pk,
        kind=PaperKind(sheet.kind),
        occasion=sheet.occasion_id,
        policy=sheet.policy_id,
        count=sheet.count,
        at=sheet.at,
    )


def signed_sheet(user: User, occasion_id: UUID, sheet_id: UUID, *, at: datetime) -> Sheet:
    """Return a sheet of signed agreements with its photo, to those who manage the unit. Raises NotFound."""
    signed = Sheet.objects.filter(kind=PaperKind.AGREEMENT, occasion=occasion_id)
    sheet = require(signed.select_related("signed_list", "occasion__unit").filter(pk=sheet_id).first())
    require(sheet.occasion is not None and may_manage(user, sheet.occasion.unit, at))
    return sheet


def kept_of(volunteer: Volunteer) -> dict[str, Any]:
    """Return for a volunteer's export the collective papers that name them, and the briefings that they gave."""
    lines = volunteer.paper_lines.order_by("pk").values(
        *("kind", "sheet__at", "occasion__name", "policy__insurer", "policy__number", "document", "voided_at")
    )
    given = Briefing.objects.filter(trainer=volunteer).order_by("sheet__at")
    return {
        "lines": list(lines[:MOST_KEPT]),
        "briefings": list(given.values("sheet__at", "content", "minutes")[:MOST_KEPT]),
    }
