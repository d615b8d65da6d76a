"""What signing in may need besides the password: a code of the second factor, or an invitation in its place."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.shell import said
from backend.accounts.password_hashing import hashing
from backend.accounts.passwords import broken_rules
from backend.accounts.schemas.second_factors import AuthenticatorOut, SecondFactorAsked
from backend.accounts.services import second_factors
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.refusals import ChallengeOver, SecondFactorNeeded
from backend.accounts.services.trust import TRUSTED_FOR
from backend.accounts.signin import invited_user, sign_in_page
from backend.lib.api import now
from backend.lib.errors import CredentialsWrong, Refusal
from backend.lib.phones import LONGEST

TRUST_COOKIE = "trusted"


def may_enter(request: HttpRequest, user: User, next: str) -> bool:
    """Tell whether the password is enough; otherwise remember in the session what the sign-in waits for.

    Raises TooMany.
    """
    try:
        secret = request.COOKIES.get(TRUST_COOKIE, "")[:100]
        second_factors.require_second_factor(user=user, device_id=None, trust_secret=secret, at=now())
    except SecondFactorNeeded as needed:
        request.session["challenge"], request.session["next"] = str(needed.asked.challenge), next
        return False
    return True


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the code; send one, or show an authenticator's secret, where that is the way."""
    try:
        challenge = UUID(request.session.get("challenge", ""))
        asked = second_factors.challenge_by_id(challenge_id=challenge, at=now())
    except (ValueError, ChallengeOver):
        return redirect("console:sign-in")
    if request.method == "GET":
        return _show_step(request, asked)
    return _act(request, asked)


def _act(request: HttpRequest, asked: SecondFactorAsked) -> HttpResponse:
    act, at = request.POST.get("act"), now()
    try:
        if act == "send":
            second_factors.send_code(challenge_id=asked.challenge, at=at)
            return _show_step(request, asked, said=_("A code was sent to your other devices."))
        if act == "set-up":
            waiting = second_factors.begin_in_sign_in(challenge_id=asked.challenge, at=at)
            return _show_step(request, asked, waiting=waiting)
        code = request.POST.get("code", "")[:20]
        return _enter(request, second_factors.pass_challenge(challenge_id=asked.challenge, code=code, at=at))
    except ChallengeOver:
        return redirect("console:sign-in")
    except Refusal as refusal:
        wrong = {CredentialsWrong: _("This code is wrong, or was used before.")}
        return _show_step(request, asked, error=said(refusal, wrong))


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    wanted, at = request.session.get("next", ""), now()
    request.session.pop("challenge", None)
    device = sign_in_page(request=request, user=user, at=at)
    response = redirect(wanted or "console:home")
    if request.POST.get("trust"):
        response.set_cookie(
            TRUST_COOKIE,
            second_factors.trust_device(device_id=device.pk, by=user, at=at) or "",
            max_age=int(TRUSTED_FOR.total_seconds()),
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return response


def _show_step(
    request: HttpRequest,
    asked: SecondFactorAsked,
    *,
    waiting: AuthenticatorOut | None = None,
    error: str = "",
    said: str = "",
) -> HttpResponse:
    context = {"ways": asked.ways, "waiting": waiting, "error": error, "said": said}
    return render(request, "console/sign_in_code.html", context, status=422 if error else 200)


class InvitationForm(forms.Form):
    """The number and the code on the slip, and the password from now on."""

    number = forms.CharField(
        label=gettext_lazy("Volunteer number"),
        max_length=LONGEST,
        error_messages={"required": gettext_lazy("Enter the number on your slip.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "numeric"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Code on the slip"),
        max_length=40,
        error_messages={"required": gettext_lazy("Enter the code on your slip.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("New password, at least ten characters"),
        max_length=200,
        strip=False,
        error_messages={"required": gettext_lazy("Choose a password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Sign in for the first time by a code on paper."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (user := _accepted(request, form)):
        sign_in_page(request=request, user=user, at=now())
        return redirect("console:home")
    status = 422 if form.is_bound else 200
    return render(request, "console/sign_in_invitation.html", {"form": form}, status=status)


def _accepted(request: HttpRequest, form: InvitationForm) -> User | None:
    """Return who was invited, or None with the reason in the form."""
    code, password = form.cleaned_data["code"], form.cleaned_data["password"]
    try:
        with hashing.turn():  # around the transaction, which hashes the new password
            user = invited_user(request, form.cleaned_data["number"], code)
            if errors := broken_rules(user, password):
                form.add_error("password", errors)
                return None
            accept_invitation(user=user, code=code, password=password, at=now())
    except Refusal as refusal:
        wrong = {
            CredentialsWrong: _(
                "Number or code is wrong, or the code was used before or is older than 30 days."
            )
        }
        form.add_error(None, said(refusal, wrong))
        return None
    user.refresh_from_db()
    return user
