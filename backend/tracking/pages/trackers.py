"""The page of a person's trackers: other makers' apps, and their reports that were not stored."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.forms import ShapeForm, act_page
from backend.accounts.pages.shell import full_sign_in, person_of, record_page, sent_from, show
from backend.lib.clock import now
from backend.tracking.models import WhyNotStored
from backend.tracking.queries.trackers import trackers_of
from backend.tracking.schemas.trackers import TrackerIn, TrackerMade, TrackerOut
from backend.tracking.services.trackers import make_tracker, revoke_tracker

REASONS: dict[WhyNotStored, Promise] = {
    WhyNotStored.NO_PLACE: _("without a place: the receiver had none, or the app may not use it"),
    WhyNotStored.NO_TIME: _("without a time that could be read"),
    WhyNotStored.UNREADABLE: _("could not be read"),
    WhyNotStored.OFF_DUTY: _("you were not on duty and on no task"),
    WhyNotStored.NO_CONSENT: _("you have not agreed to being located"),
    WhyNotStored.FUTURE: _("from the future: the phone's clock is fast"),
    WhyNotStored.TOO_OLD: _("more than a week old: the phone's clock may be wrong"),
}
DATUMS = {"wgs84": "WGS-84 (GPS)", "gcj02": "GCJ-02", "bd09": "BD-09"}


class TrackerForm(ShapeForm[TrackerIn]):
    """An app that is to report one's positions."""

    shape, labels = TrackerIn, {"name": _("Name, for example the phone")}
    datum = forms.ChoiceField(label=_("Datum"), choices=DATUMS)
    field_order = ["name", "datum"]


@record_page
@full_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def trackers(request: HttpRequest) -> HttpResponseBase:
    """Show the trackers with their unstored reports; make one, whose secret is shown this once."""
    if request.method != "POST":
        return _show(request, TrackerForm())

    def act(form: TrackerForm) -> HttpResponse:
        made = make_tracker(wanted=form.body, by=person_of(request), at=now())
        return _show(request, TrackerForm(), made=made, status=201)

    return act_page(
        TrackerForm(request.POST), act, lambda form: _show(request, form, status=form.answered_with)
    )


@record_page
@sent_from("trackers")
def end_tracker(request: HttpRequest, tracker_id: UUID) -> HttpResponse:
    """End a tracker's secret."""
    revoke_tracker(tracker_id=tracker_id, by=person_of(request), at=now())
    return redirect("console:trackers")


def _show(
    request: HttpRequest, form: TrackerForm, *, made: TrackerMade | None = None, status: int = 200
) -> HttpResponse:
    own = [TrackerOut.of(one) for one in trackers_of(person_of(request), at=now())]
    context = {
        "trackers": [
            (one, DATUMS[one.datum], [(line, REASONS[line.reason]) for line in one.not_stored]) for one in own
        ],
        "silent": [one for one in own if one.stores_nothing],
        "made": made,
        "form": form,
        "address": request.build_absolute_uri("/api/v1/trackers/"),
    }
    return show(request, "trackers", context, page="devices", status=status)
