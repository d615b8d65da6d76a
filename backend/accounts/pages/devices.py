"""The page of one's devices: where one is signed in, the second factor, the password."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from backend.accounts import queries
from backend.accounts.pages.forms import CodeForm, PageForm, act_page, secret_field
from backend.accounts.pages.shell import full_sign_in, person_of, record_page, sent_from, show
from backend.accounts.password_hashing import hashing
from backend.accounts.passwords import broken_rules
from backend.accounts.services import second_factors
from backend.accounts.services.devices import revoke_device
from backend.accounts.services.passwords import change_password
from backend.accounts.signin import keep_page_signed_in, require_own_password
from backend.lib.clock import now
from backend.lib.errors import Invalid


class PasswordForm(PageForm):
    """The password that one has, and the one from now on."""

    ids = "id_%s"
    current = secret_field(_("Present password"), autocomplete="current-password")
    new = secret_field(_("New password, at least ten characters"), autocomplete="new-password")


@record_page
@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in, and how the second factor stands."""
    return _show(request, PasswordForm())


@record_page
@full_sign_in
@sent_from("devices")
def sign_out_device(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Sign a device out from afar; it loses its tokens and sockets at once."""
    revoke_device(device_id=device_id, by=person_of(request), at=now())
    return redirect("console:devices")


@record_page
@full_sign_in
@sensitive_post_parameters("current", "new")
@sent_from("devices")
def password(request: HttpRequest) -> HttpResponseBase:
    """Change the password, and sign out everywhere else."""
    user = person_of(request)

    def act(form: PasswordForm) -> HttpResponse:
        current, new = form.cleaned_data["current"], form.cleaned_data["new"]
        with hashing.turn():  # around the transaction, which hashes the new one
            require_own_password(request, user, current, field="current")
            if errors := broken_rules(user, new):
                form.add_error("new", errors)
                return _show(request, form)
            change_password(new=new, device_id=UUID(request.session["device"]), by=user, at=now())
        keep_page_signed_in(request, user)
        return _show(
            request, PasswordForm(), done=_("The password is changed. All other devices are signed out.")
        )

    wrong = {Invalid: _("This is not your password.")}
    return act_page(PasswordForm(request.POST), act, lambda form: _show(request, form), wrong)


@record_page
@full_sign_in
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Set an authenticator up, make new recovery codes, or remove it."""
    if request.method == "GET":
        return _show_second_factor(request, CodeForm())

    def act(form: CodeForm) -> HttpResponse:
        user, code, at = person_of(request), form.cleaned_data["code"], now()
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
        return show(request, "recovery_codes", {"codes": made.codes}, page="devices")

    wrong = {Invalid: _("This code is wrong, or was used before.")}
    return act_page(CodeForm(request.POST), act, lambda form: _show_second_factor(request, form), wrong)


def _show(request: HttpRequest, form: PasswordForm, done: Promise | str = "") -> HttpResponse:
    user = person_of(request)
    context = {
        "devices": queries.devices_of(user),
        "current": UUID(request.session["device"]),
        "factor": second_factors.second_factor_of(user, at=now()),
        "form": form,
        "done": done,
    }
    return show(request, "devices", context, page="devices", status=422 if form.problem else 200)


def _show_second_factor(request: HttpRequest, form: CodeForm) -> HttpResponse:
    user, at = person_of(request), now()
    factor = second_factors.second_factor_of(user, at=at)
    waiting = None if factor.confirmed else second_factors.begin_second_factor(by=user, at=at)
    context = {"factor": factor, "waiting": waiting, "form": form}
    return show(request, "second_factor", context, page="devices", status=422 if form.problem else 200)
