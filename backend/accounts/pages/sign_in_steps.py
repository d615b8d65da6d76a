"""What signing in may need besides the password: who of a phone it is, a second factor, or a code in its place."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from backend.accounts.models import User
from backend.accounts.pages.forms import CodeForm, PageForm, act_page, secret_field
from backend.accounts.password_hashing import hashing
from backend.accounts.passwords import broken_rules
from backend.accounts.schemas.second_factors import AuthenticatorOut, SecondFactorAsked
from backend.accounts.schemas.sign_in import PersonAsked
from backend.accounts.services import second_factors
from backend.accounts.services.choices import people_to_choose, take_choice
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.refusals import ChallengeOver, ChoiceOver, SecondFactorNeeded
from backend.accounts.services.trust import TRUSTED_FOR, trust_device
from backend.accounts.signin import enter_page_by_code, introduced_user, invited_user, sign_in_page
from backend.lib.clock import now
from backend.lib.errors import CredentialsWrong
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


def ask_person(request: HttpRequest, asked: PersonAsked, next: str) -> HttpResponse:
    """Remember in the session among whom the sign-in has to choose, and go there."""
    request.session["choice"], request.session["next"] = asked.choice, next
    return redirect("console:sign-in-person")


class PersonForm(PageForm):
    """The number of one of the people."""

    number = forms.CharField(max_length=12, widget=forms.HiddenInput)


@never_cache
@ensure_csrf_cookie
@require_http_methods(["GET", "POST"])
def which_person(request: HttpRequest) -> HttpResponseBase:
    """Ask which of the people of a phone signs in whose password was shown."""
    token, at = request.session.get("choice", ""), now()

    def act(form: PersonForm) -> HttpResponse:
        wanted = request.session.get("next", "")
        user = take_choice(token=token, number=form.cleaned_data["number"], device_id=None, at=at)
        request.session.pop("choice", None)
        if not may_enter(request, user, wanted):
            return redirect("console:sign-in-code")
        sign_in_page(request=request, user=user, at=at)
        return redirect(wanted or "console:home")

    def again(form: PersonForm) -> HttpResponse:
        context = {"people": people_to_choose(token, at=at).people, "form": form}
        return render(request, "console/sign_in_person.html", context, status=422 if form.is_bound else 200)

    try:
        if request.method != "POST":
            return again(PersonForm())
        return act_page(PersonForm(request.POST), act, again, passes_on=ChoiceOver)
    except ChoiceOver:
        return redirect("console:sign-in")


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponseBase:
    """Ask for the code; send one, or show an authenticator's secret, where that is the way."""
    try:
        challenge = UUID(request.session.get("challenge", ""))
        asked = second_factors.challenge_by_id(challenge_id=challenge, at=now())
    except (ValueError, ChallengeOver):
        return redirect("console:sign-in")
    if request.method == "GET":
        return _show_step(request, asked)
    return _act(request, asked)


class StepForm(CodeForm):
    """A code, and whether the device is one's own."""

    trust = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = True


def _act(request: HttpRequest, asked: SecondFactorAsked) -> HttpResponseBase:
    act, at = request.POST.get("act"), now()

    def send(_form: PageForm) -> HttpResponse:
        second_factors.send_code(challenge_id=asked.challenge, at=at)
        return _show_step(request, asked, told=_("A code was sent to your other devices."))

    def set_up(_form: PageForm) -> HttpResponse:
        waiting = second_factors.begin_in_sign_in(challenge_id=asked.challenge, at=at)
        return _show_step(request, asked, waiting=waiting)

    def enter(form: StepForm) -> HttpResponse:
        code = form.cleaned_data["code"]
        user = second_factors.pass_challenge(challenge_id=asked.challenge, code=code, at=at)
        return _enter(request, user, trust=form.cleaned_data["trust"])

    def again(form: PageForm) -> HttpResponse:
        return _show_step(request, asked, form)

    try:
        if act in ("send", "set-up"):
            do = send if act == "send" else set_up
            return act_page(PageForm({}), do, again, passes_on=ChallengeOver)
        wrong = {CredentialsWrong: _("This code is wrong, or was used before.")}
        return act_page(StepForm(request.POST), enter, again, wrong, passes_on=ChallengeOver)
    except ChallengeOver:
        return redirect("console:sign-in")


def _enter(request: HttpRequest, user: User, *, trust: bool) -> HttpResponse:
    wanted, at = request.session.get("next", ""), now()
    request.session.pop("challenge", None)
    device = sign_in_page(request=request, user=user, at=at)
    response = redirect(wanted or "console:home")
    if trust:
        response.set_cookie(
            TRUST_COOKIE,
            trust_device(device_id=device.pk, by=user, at=at) or "",
            max_age=int(TRUSTED_FOR.total_seconds()),
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return response


def _show_step(
    request: HttpRequest,
    asked: SecondFactorAsked,
    form: PageForm | None = None,
    *,
    waiting: AuthenticatorOut | None = None,
    told: Promise | str = "",
) -> HttpResponse:
    problem = form.problem if form else ""
    shown = form if isinstance(form, StepForm) else StepForm()
    context = {"ways": asked.ways, "waiting": waiting, "form": shown, "problem": problem, "told": told}
    return render(request, "console/sign_in_code.html", context, status=422 if problem else 200)


class ByCodeForm(PageForm):
    """The number or phone, and the code that a leader reads out."""

    ids = "id_%s"
    number = forms.CharField(
        label=_("Volunteer number or phone"),
        max_length=LONGEST,
        error_messages={"required": _("Enter your volunteer number or phone.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "tel", "autofocus": True}),
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        error_messages={"required": _("Enter the code that your leader reads out.")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def by_code(request: HttpRequest) -> HttpResponseBase:
    """Sign in by a code that a leader reads out or shows."""

    def again(form: ByCodeForm) -> HttpResponse:
        status = 422 if form.is_bound else 200
        return render(request, "console/sign_in_by_code.html", {"form": form}, status=status)

    def act(form: ByCodeForm) -> HttpResponse:
        code = form.cleaned_data["code"]
        user = introduced_user(request, form.cleaned_data["number"], code)
        enter_page_by_code(request=request, user=user, code=code, at=now())
        return redirect("console:home")

    if request.method != "POST":
        return again(ByCodeForm())
    wrong = _(
        "Number or code is wrong, or the code was used before or is too old. Ask your leader for another."
    )
    return act_page(ByCodeForm(request.POST), act, again, {CredentialsWrong: wrong})


class InvitationForm(PageForm):
    """The number and the code on the slip, and the password from now on."""

    ids = "id_%s"
    number = forms.CharField(
        label=_("Volunteer number"),
        max_length=LONGEST,
        error_messages={"required": _("Enter the number on your slip.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "numeric"}),
    )
    code = forms.CharField(
        label=_("Code on the slip"),
        max_length=40,
        error_messages={"required": _("Enter the code on your slip.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    password = secret_field(
        _("New password, at least ten characters"),
        autocomplete="new-password",
        required=_("Choose a password."),
    )


@never_cache
@ensure_csrf_cookie
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponseBase:
    """Sign in for the first time by a code on paper."""

    def again(form: InvitationForm) -> HttpResponse:
        status = 422 if form.is_bound else 200
        return render(request, "console/sign_in_invitation.html", {"form": form}, status=status)

    def act(form: InvitationForm) -> HttpResponse:
        code, password = form.cleaned_data["code"], form.cleaned_data["password"]
        with hashing.turn():  # around the transaction, which hashes the new password
            user = invited_user(request, form.cleaned_data["number"], code)
            if errors := broken_rules(user, password):
                form.add_error("password", errors)
                return again(form)
            accept_invitation(user=user, code=code, password=password, at=now())
        user.refresh_from_db()
        sign_in_page(request=request, user=user, at=now())
        return redirect("console:home")

    if request.method != "POST":
        return again(InvitationForm())
    wrong = _("Number or code is wrong, or the code was used before or is older than 30 days.")
    return act_page(InvitationForm(request.POST), act, again, {CredentialsWrong: wrong})
