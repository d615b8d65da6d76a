"""The page on which leaders decide on applications."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from backend.accounts.pages.forms import SHARED_PHONE, PageForm, act_page
from backend.accounts.pages.shell import person_of, record_page, sent_from, show
from backend.accounts.services.phones import PhoneTaken
from backend.joining.queries import pending_for
from backend.joining.services.applications import (
    approve_application,
    reject_application,
)
from backend.lib.clock import now
from backend.lib.errors import require
from backend.lib.texts import as_line

LONGEST_REASON = 200
INSTEAD = {
    PhoneTaken: _(
        "This phone is a volunteer's already. If that is the applicant, propose a transfer instead."
        " If they share the phone, say so."
    )
}


class DecisionForm(PageForm):
    """Whether an approved applicant shares a phone, and the reason for rejecting one."""

    shared_phone = forms.BooleanField(label=SHARED_PHONE, required=False)

    reason = forms.CharField(label=_("Reason, if you reject"), required=False, max_length=LONGEST_REASON)


@record_page
@require_http_methods(["GET", "HEAD"])
def applications(request: HttpRequest) -> HttpResponseBase:
    """List the applications to the units that the caller looks after, the oldest first."""
    return _page(request)


@record_page
@sent_from("applications")
def decide_application(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Approve or reject an application, and come back to the list."""
    by, at = person_of(request), now()

    def act(form: DecisionForm) -> HttpResponseBase:
        if request.POST.get("decision") == "approve":
            shared = form.cleaned_data["shared_phone"]
            approve_application(application_id=application_id, shared_phone=shared, by=by, at=at)
        else:
            reason = as_line(form.cleaned_data["reason"])
            reject_application(application_id=application_id, reason=reason, by=by, at=at)
        return redirect("console:applications")

    form = DecisionForm(request.POST, auto_id=f"%s-{application_id}")
    return act_page(form, act, lambda form: _page(request, {application_id: form}), INSTEAD)


def _page(
    request: HttpRequest, refused: Mapping[UUID, DecisionForm] = MappingProxyType({})
) -> HttpResponseBase:
    """Show the list, with the form that was refused beside its application."""
    found = pending_for(person_of(request), at=now())
    require(found is not None)
    shown = [(one, refused.get(one.pk) or DecisionForm(auto_id=f"%s-{one.pk}")) for one in found or ()]
    status = next((form.answered_with for form in refused.values()), 200)
    context = {"applications": shown, "refused": "".join(form.problem for form in refused.values())}
    return show(request, "applications", context, page="applications", status=status)
