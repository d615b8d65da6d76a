"""The pages: each is a shell, and its script fills it through the same API as any other client."""

import hashlib
import json
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import View

from backend.accounts.authentication import is_introduced_page, page_device
from backend.accounts.models import User
from backend.accounts.pages.menu import pages_for
from backend.accounts.pages.shell import said
from backend.accounts.pages.sign_in_steps import ask_person, may_enter
from backend.accounts.services import languages
from backend.accounts.services.refusals import PersonNeeded
from backend.accounts.signin import page_sign_in_required, sign_in_page, sign_out_page
from backend.console import assets
from backend.console.forms import SignInForm
from backend.lib.clock import now, rate
from backend.lib.errors import NotSignedIn, Refusal
from backend.realtime.pace import count_act

YEAR_S = 365 * 24 * 3600


@page_sign_in_required
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the first page of the signed-in person."""
    return redirect(pages_for(_user(request), at=now())[0].address)


@method_decorator([never_cache, ensure_csrf_cookie, sensitive_post_parameters("password")], name="dispatch")
class SignIn(View):
    """Sign in by volunteer number or phone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form; to a person who is signed in only for another one, or to sign in fully."""
        is_another = "another" in request.GET
        if _is_signed_in(request) and not (is_another or is_introduced_page(request, request.user)):
            return redirect("console:home")
        return self._show(request, SignInForm(request=request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign in, and redirect to the page that the person wanted."""
        form = SignInForm(request.POST, request=request)
        try:
            if not form.is_valid() or form.user is None:
                return self._show(request, form, status=422)
        except PersonNeeded as needed:
            return ask_person(request, needed.asked, _next_of(request))
        try:
            if not may_enter(request, form.user, _next_of(request)):
                return redirect("console:sign-in-code")
        except Refusal as refusal:
            form.add_error(None, said(refusal))
            return self._show(request, form, status=422)
        sign_in_page(request=request, user=form.user, at=now())
        response = redirect(_next_of(request))
        if form.user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            _remember_language(response, form.user.language)
        return response

    def _show(self, request: HttpRequest, form: SignInForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "next": _next_of(request)}
        return render(request, "console/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and sign out its device, so that its sockets close too."""
    if sign_out_page(request=request, at=now()):
        return redirect("console:people-here")
    response = redirect("console:sign-in")
    # Also clears the storage of the volunteer's page on a shared phone.
    response["Clear-Site-Data"] = '"storage"'
    return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Store the language in this browser and, if signed in, with the person."""
    response = HttpResponseRedirect(_next_of(request))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        _remember_language(response, language)
        if _is_signed_in(request):
            count_act(_user(request).pk or 0)
            languages.choose_language(language=language, by=_user(request), at=now())
    return response


@never_cache
@ensure_csrf_cookie
@page_sign_in_required
@require_GET
def command_centre(request: HttpRequest) -> HttpResponse:
    """Show the live map, the formation and the tasks."""
    return _page(request, "console")


@never_cache
@ensure_csrf_cookie
@page_sign_in_required
@require_GET
def leader_board(request: HttpRequest) -> HttpResponse:
    """Show the call-out form and the list of answers."""
    return _page(request, "leader")


@never_cache
@ensure_csrf_cookie
@page_sign_in_required
@require_GET
def volunteer_page(request: HttpRequest) -> HttpResponse:
    """Show the inbox of one volunteer."""
    return _page(request, "me")


@require_GET
def web_manifest(request: HttpRequest) -> HttpResponse:
    """Describe the volunteer's page as an installable application; `?lang=` chooses its language."""
    language = request.GET.get("lang", "")
    with override(language if language in dict(settings.LANGUAGES) else get_language()):
        content = {
            "id": reverse("console:me"),
            "name": gettext("Muster"),
            "short_name": gettext("Muster"),
            "description": gettext("Call-outs for volunteers: read, answer, be there."),
            "lang": get_language(),
            "start_url": reverse("console:me"),
            "scope": reverse("console:me"),
            "display": "standalone",
            "background_color": "#0b6b6b",
            "theme_color": "#0b6b6b",
            "icons": [
                _icon("icon.svg", "any", "image/svg+xml"),
                _icon("icon-192.png", "192x192"),
                _icon("icon-512.png", "512x512"),
                {**_icon("maskable-512.png", "512x512"), "purpose": "maskable"},
            ],
        }
    return JsonResponse(content, content_type="application/manifest+json")


@never_cache
@require_GET
def service_worker(_request: HttpRequest) -> HttpResponse:
    """Serve the service worker below /me/, the path that its scope needs, with the list of files to cache."""
    entries = ("src/floor/floor.js", "src/pages/base.ts", "src/pages/me.ts")
    shell = [*assets.shell(*entries), static("console/icons/icon.svg")]
    version = hashlib.sha256("\n".join(shell).encode()).hexdigest()[:12]
    told = json.dumps({"version": version, "page": reverse("console:me"), "assets": shell})
    text = f"self.shell = {told};\n{assets.source('src/worker/worker.ts')}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


def _page(request: HttpRequest, name: str) -> HttpResponse:
    user = _user(request)
    pages = pages_for(user, at=now())
    if name not in {page.name for page in pages}:
        return redirect("console:home")
    volunteer = user.volunteer
    boot: dict[str, Any] = {
        "number": f"{volunteer.number:08d}",
        "name": volunteer.name,
        "language": get_language(),
        "mapStyleUrl": settings.MAP_STYLE_URL,
        "assets": static("console/"),
        "clockRate": rate(),
    }
    return render(request, f"console/{name}.html", {"boot": boot, "pages": pages, "page": name})


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _is_signed_in(request: HttpRequest) -> bool:
    try:
        page_device(request.user.pk or 0, request.session.get("device"))
    except NotSignedIn:
        return False
    return True


def _next_of(request: HttpRequest) -> str:
    """Return the page after sign-in; only an address of our own."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("console:home")


def _remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR_S,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _icon(name: str, sizes: str, type: str = "image/png") -> dict[str, str]:
    return {"src": static(f"console/icons/{name}"), "sizes": sizes, "type": type}
