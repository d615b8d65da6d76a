"""The page of what a roster that came again says otherwise: in groups, each difference to be taken over or left."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.forms import PageForm, act_page
from backend.accounts.pages.shell import act_named, full_sign_in, person_of, record_page, show, whole_number
from backend.lib.clock import now
from backend.lib.errors import require
from backend.rosters.models import (
    DifferenceKind,
    DifferencePart,
    DifferenceState,
    ImportStatus,
    RosterImport,
)
from backend.rosters.queries.differences import Chosen, counts_of, differences_of
from backend.rosters.queries.imports import import_by_id
from backend.rosters.schemas.differences import LAST, DifferenceOut
from backend.rosters.services.differences import leave_differences, take_differences
from backend.volunteers import rules
from backend.volunteers.services.access_log import note_named

_ACTS = {"take": take_differences, "leave": leave_differences}


class DecisionForm(PageForm):
    """Which differences are meant: one, or all of a kind and part."""

    difference = forms.IntegerField(required=False, min_value=1, max_value=LAST)
    kind = forms.TypedChoiceField(
        required=False, choices=DifferenceKind.choices, coerce=DifferenceKind, empty_value=None
    )
    part = forms.TypedChoiceField(
        required=False, choices=DifferencePart.choices, coerce=DifferencePart, empty_value=None
    )

    @property
    def chosen(self) -> Chosen:
        """What the form chooses."""
        given = self.cleaned_data
        return Chosen(id=given["difference"], kind=given["kind"], part=given["part"])


@dataclass(frozen=True, slots=True)
class Group:
    """The differences of a kind and a part, as the page lists them."""

    kind: DifferenceKind
    part: DifferencePart
    open: int
    count: int
    chosen: bool

    @property
    def takeable(self) -> bool:
        """Whether there is something to take over."""
        return self.kind in DifferenceKind.takeable() and self.open > 0


@record_page
@full_sign_in
@require_http_methods(["GET", "POST"])
def import_differences(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Show the differences of an import in groups; `?kind=` and `?part=` choose one. Take them over, or leave them."""
    batch, by, at = import_by_id(import_id), person_of(request), now()
    require(rules.may_manage(by, batch.unit, at))
    if request.method == "GET":
        return _shown(request, batch)

    def act(form: DecisionForm) -> HttpResponse:
        decide = act_named(request, _ACTS)
        decided = decide(import_id=batch.pk, chosen=form.chosen, by=by, at=at)
        query = {name: value for name in ("kind", "part", "after") if (value := request.GET.get(name))}
        query |= {"refused": str(decided.refused)} if decided.refused else {}
        return redirect(f"{reverse('console:differences', args=[batch.pk])}?{urlencode(query)}")

    return act_page(DecisionForm(request.POST), act, lambda form: _shown(request, batch, form.problem))


def _shown(request: HttpRequest, batch: RosterImport, problem: str = "") -> HttpResponse:
    by, at = person_of(request), now()
    chosen, after = _chosen(request), whole_number(request.GET.get("after", ""), digits=18)
    page = differences_of(batch, chosen=chosen, by=by, at=at, after=after)
    note_named((item.volunteer for item in page.items), by=by, at=at)
    context: dict[str, Any] = {
        "batch": batch,
        "groups": _groups(batch, request, chosen),
        "items": [_item(item) for item in page.items],
        "chosen": chosen,
        "next": page.next,
        "query": request.GET.urlencode(),
        "problem": problem,
        "refused": whole_number(request.GET.get("refused", ""), digits=3),
        "can_decide": batch.status == ImportStatus.IMPORTED,
    }
    return show(request, "differences", context, page="imports", status=422 if problem else 200)


def _groups(batch: RosterImport, request: HttpRequest, chosen: Chosen) -> list[Group]:
    counts: dict[tuple[DifferenceKind, DifferencePart], list[int]] = {}
    for group in counts_of(batch, person_of(request), now()):
        count = counts.setdefault((group.kind, group.part), [0, 0])
        count[0] += group.count if group.state == DifferenceState.OPEN else 0
        count[1] += group.count
    return [
        Group(kind, part, open, count, (chosen.kind, chosen.part) == (kind, part))
        for (kind, part), (open, count) in counts.items()
    ]


def _item(item: DifferenceOut) -> dict[str, Any]:
    undecided = item.state in (DifferenceState.OPEN, DifferenceState.LEFT)
    can_take = item.kind in DifferenceKind.takeable() and undecided
    return {
        "difference": item,
        "can_take": can_take,
        "can_leave": can_take and item.state == DifferenceState.OPEN,
    }


def _chosen(request: HttpRequest) -> Chosen:
    """Return the group that the address names; a name that is none chooses all."""
    kind, part = request.GET.get("kind", ""), request.GET.get("part", "")
    return Chosen(
        kind=DifferenceKind(kind) if kind in DifferenceKind.values else None,
        part=DifferencePart(part) if part in DifferencePart.values else None,
    )
