"""A unit: what it is, who holds its posts, how many people it has, and the tree around it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from backend.accounts.pages.shell import person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import require
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.queries import counts_of, counts_of_children, unit_by_number
from backend.volunteers.queries.posts import posts_in
from backend.volunteers.rules import may_dispatch, may_manage, may_see_unit
from backend.volunteers.services.access_log import note_named


@record_page
@require_GET
def unit_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show a unit to the people who belong to it or below. Posts and sub-units are for callers who may dispatch it."""
    user, at = person_of(request), now()
    unit = unit_by_number(number)
    require(may_see_unit(user, unit, at))
    directs = bool(may_dispatch(user, unit, at))
    posts = posts_in(unit, at=at) if directs else []
    note_named([str(post.volunteer.number) for post in posts], by=user, at=at)
    context: dict[str, Any] = {
        "unit": unit,
        "unit_number": format_unit_number(unit.number),
        "above": Unit.objects.filter(path__in=unit.line[:-1]).order_by("path"),
        "counts": counts_of(unit),
        "directs": directs,
        "manages": bool(may_manage(user, unit, at)),
        "posts": posts,
        "children": counts_of_children(unit) if directs else [],
    }
    return show(request, "unit", context, page="roster" if directs else "unit")
