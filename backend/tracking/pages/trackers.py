"""The page of one's trackers: apps of others that report one's positions, and what of that was not stored."""

from uuid import UUID

import pydantic
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.shell import person_of, record_page, said, sent_from, show
from backend.lib.api import now
from backend.lib.errors import Refusal
from backend.tracking.models import WhyNotStored
from backend.tracking.queries.trackers import trackers_of
from backend.tracking.schemas.trackers import TrackerIn, TrackerMade, TrackerOut
from backend.tracking.services.trackers import make_tracker, revoke_tracker

REASONS: dict[WhyNotStored, Promise] = {
    WhyNotStored.NO_PLACE: gettext_lazy("without a place: the receiver had none, or the app may not use it"),
    WhyNotStored.NO_TIME: gettext_lazy("without a time that could be read"),
    WhyNotStored.UNREADABLE: gettext_lazy("could not be read"),
    WhyNotStored.OFF_DUTY: gettext_lazy("you were not on duty and on no task"),
    WhyNotStored.NO_CONSENT: gettext_lazy("you have not agreed to being located"),
    WhyNotStored.FUTURE: gettext_lazy("from the future: the phone's clock is fast"),
    WhyNotStored.TOO_OLD: gettext_lazy("more than a week old: the phone's clock may be wrong"),
}
DATUMS = {"wgs84": "WGS-84 (GPS)", "gcj02": "GCJ-02", "bd09": "BD-09"}


@record_page
@require_http_methods(["GET", "HEAD", "POST"])
def trackers(request: HttpRequest) -> HttpResponse:
    """Show one's trackers with what was not stored; make one, whose secret is shown this once."""
    if request.method != "POST":
        return _show(request)
    name, datum = request.POST.get("name", ""), request.POST.get("datum", "")
    try:
        wanted = TrackerIn.model_validate({"name": name, "datum": datum})
        made = make_tracker(wanted=wanted, by=person_of(request), at=now())
    except pydantic.ValidationError:
        return _show(request, problem=_("A name has at most 80 characters."), status=422)
    except Refusal as refusal:
        return _show(request, problem=said(refusal), status=refusal.status)
    return _show(request, made=made, status=201)


@record_page
@sent_from("trackers")
def end_tracker(request: HttpRequest, tracker_id: UUID) -> HttpResponse:
    """End a tracker's secret."""
    revoke_tracker(tracker_id=tracker_id, by=person_of(request), at=now())
    return redirect("console:trackers")


def _show(
    request: HttpRequest, *, made: TrackerMade | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    own = [TrackerOut.of(one) for one in trackers_of(person_of(request), at=now())]
    context = {
        "trackers": [
            (one, DATUMS[one.datum], [(line, REASONS[line.reason]) for line in one.not_stored]) for one in own
        ],
        "silent": [one for one in own if one.stores_nothing],
        "datums": DATUMS,
        "made": made,
        "problem": problem,
        "address": request.build_absolute_uri("/api/v1/trackers/"),
    }
    return show(request, "trackers", context, page="devices", status=status)
