"""The roster of a unit: searched, narrowed to who is on duty, page by page."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from backend.accounts.pages.shell import person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import Invalid, NotAllowed, require
from backend.rosters.queries.roster import roster_page
from backend.rosters.schemas.roster import RosterPage, RosterRow
from backend.volunteers.models import LookedAt, Role, Standing
from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number
from backend.volunteers.queries import counts_of, dispatched_units, unit_by_number
from backend.volunteers.queries.masking import is_whole
from backend.volunteers.rules import may_dispatch, may_manage
from backend.volunteers.services.access_log import note_list

LONGEST_SEARCH = 40
STATES: dict[str, Promise] = {
    "on_duty": _("On duty"),
    "off_duty": _("Off duty"),
    "unreachable": _("Cannot be reached: signed in on no device"),
}
DUTY = {"": None, "on": True, "off": False}
WITHOUT_PHONE = "no-phone"
EMPTY = RosterPage(items=[], next=None)


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it."""

    row: RosterRow

    @property
    def number(self) -> str:
        """The number as people read it."""
        return format_volunteer_number(int(self.row.number))

    @property
    def can_be_called(self) -> bool:
        """Whether the phone is shown whole."""
        return is_whole(self.row.phone)

    @property
    def state(self) -> Promise:
        """Duty and reach in words."""
        return STATES[self.row.state]

    @property
    def role(self) -> str:
        """The post in words."""
        return str(Role(self.row.role).label) if self.row.role else ""

    @property
    def standing(self) -> str:
        """The standing in words, unless it is the usual one."""
        return "" if self.row.standing.is_in_service else str(Standing(self.row.standing).label)


@record_page
@require_GET
def roster(request: HttpRequest, number: str = "") -> HttpResponse:
    """Show a page of the roster of a unit one dispatches, the topmost one by itself."""
    user, at = person_of(request), now()
    covered = dispatched_units(user.pk, at=at)
    require(bool(covered))
    unit = unit_by_number(number) if number else covered[0]
    require(may_dispatch(user, unit, at))
    search, duty = request.GET.get("search", "")[:LONGEST_SEARCH], request.GET.get("duty", "")
    refused, page = "", EMPTY
    try:
        page = roster_page(
            unit,
            by=user,
            at=at,
            search=search,
            on_duty=DUTY.get(duty),
            without_phone=duty == WITHOUT_PHONE,
            after=request.GET.get("after", ""),
        )
        note_list(page.items, viewer_user_id=user.pk, what=LookedAt.PROFILE, at=at)
    except NotAllowed:
        refused = "phone"
    except Invalid:
        refused = "cursor"
    context: dict[str, Any] = {
        "unit": unit,
        "unit_number": format_unit_number(unit.number),
        "others": [other for other in covered if other != unit],
        "counts": counts_of(unit),
        "lines": [Line(row) for row in page.items],
        "search": search,
        "duty": duty,
        "finds_phones": bool(may_manage(user, unit, at)),
        "refused": refused,
        "after": request.GET.get("after", ""),
        "next": urlencode({"search": search, "duty": duty, "after": page.next}) if page.next else "",
        "first": urlencode({"search": search, "duty": duty}),
    }
    return show(request, "roster", context, page="roster", status=422 if refused else 200)
