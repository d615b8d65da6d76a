"""The page of one's devices: where one is signed in, the second factor, the password."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from backend.accounts import queries
from backend.accounts.pages.shell import person_of, record_page, said, sent_from, show
from backend.accounts.password_hashing import hashing
from backend.accounts.passwords import broken_rules
from backend.accounts.services import second_factors
from backend.accounts.services.devices import revoke_device
from backend.accounts.services.passwords import change_password
from backend.accounts.signin import keep_page_signed_in, require_own_password
from backend.lib.api import now
from backend.lib.errors import Invalid, Refusal


@record_page
@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in, and how the second factor stands."""
    return _show(request)


@record_page
@sent_from("devices")
def sign_out_device(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Sign a device out from afar; it loses its tokens and sockets at once."""
    revoke_device(device_id=device_id, by=person_of(request), at=now())
    return redirect("console:devices")


@record_page
@sensitive_post_parameters("current", "new")
@sent_from("devices")
def password(request: HttpRequest) -> HttpResponse:
    """Change the password, and sign out everywhere else."""
    user, new = person_of(request), request.POST.get("new", "")[:200]
    current = request.POST.get("current", "")[:200]
    try:
        with hashing.turn():  # around the transaction, which hashes the new one
            require_own_password(request, user, current, field="current")
            if errors := broken_rules(user, new):
                return _show(request, new_errors=errors)
            change_password(new=new, device_id=UUID(request.session["device"]), by=user, at=now())
    except Refusal as refusal:
        return _show(request, current_error=said(refusal, {Invalid: _("This is not your password.")}))
    keep_page_signed_in(request, user)
    return _show(request, done=_("The password is changed. All other devices are signed out."))


@record_page
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set an authenticator up, make new recovery codes, or remove it."""
    if request.method == "GET":
        return _show_second_factor(request)
    user, code, at = person_of(request), request.POST.get("code", "")[:20], now()
    try:
        if request.POST.get("act") == "remove":
            second_factors.remove_second_factor(code=code, by=user, at=at)
            return redirect("console:devices")
        device = UUID(request.session["device"])
        if request.POST.get("act") == "renew":
            made = second_factors.renew_recovery_codes(code=code, device_id=device, by=user, at=at)
        else:
            made = second_factors.confirm_second_factor(
                code=code, device_id=device, is_own=False, by=user, at=at
            )
    except Refusal as refusal:
        wrong = {Invalid: _("This code is wrong, or was used before.")}
        return _show_second_factor(request, error=said(refusal, wrong))
    return show(request, "recovery_codes", {"codes": made.codes}, page="devices")


def _show(request: HttpRequest, **said: object) -> HttpResponse:
    user = person_of(request)
    context = {
        "devices": queries.devices_of(user),
        "current": UUID(request.session["device"]),
        "factor": second_factors.second_factor_of(user, at=now()),
        **said,
    }
    status = 422 if "current_error" in said or "new_errors" in said else 200
    return show(request, "devices", context, page="devices", status=status)


def _show_second_factor(request: HttpRequest, error: str = "") -> HttpResponse:
    user, at = person_of(request), now()
    factor = second_factors.second_factor_of(user, at=at)
    waiting = None if factor.confirmed else second_factors.begin_second_factor(by=user, at=at)
    context = {"factor": factor, "waiting": waiting, "error": error}
    return show(request, "second_factor", context, page="devices", status=422 if error else 200)
