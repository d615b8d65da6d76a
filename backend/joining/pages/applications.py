"""The page on which leaders decide who joins."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.shell import person_of, record_page, said, sent_from, show
from backend.joining.queries import pending_for
from backend.joining.services.applications import (
    approve_application,
    reject_application,
)
from backend.lib.api import now
from backend.lib.errors import Refusal, require
from backend.lib.texts import as_line
from backend.volunteers.services.people import PhoneTaken

LONGEST_REASON = 200
INSTEAD = {PhoneTaken: _("This phone is a volunteer's already: propose a transfer instead.")}


@record_page
@require_http_methods(["GET", "HEAD"])
def applications(request: HttpRequest) -> HttpResponseBase:
    """List who asks to join the units one looks after, the oldest first."""
    return _page(request)


@record_page
@sent_from("applications")
def decide_application(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Approve or reject one of them, and come back to the list."""
    by, at = person_of(request), now()
    try:
        if request.POST.get("decision") == "approve":
            approve_application(application_id=application_id, by=by, at=at)
        else:
            reason = as_line(request.POST.get("reason", ""))[:LONGEST_REASON]
            reject_application(application_id=application_id, reason=reason, by=by, at=at)
    except Refusal as refusal:
        return _page(request, refused=said(refusal, INSTEAD))
    return redirect("console:applications")


def _page(request: HttpRequest, *, refused: str = "") -> HttpResponseBase:
    user: User = person_of(request)
    found = pending_for(user, at=now())
    require(found is not None)
    status = 409 if refused else 200
    context = {"applications": found, "refused": refused}
    return show(request, "applications", context, page="applications", status=status)
