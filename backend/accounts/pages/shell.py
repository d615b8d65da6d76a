"""The shell of all pages of records: who may open them, how they are shown, how a refusal is told."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from backend.accounts import hooks
from backend.accounts.models import User
from backend.accounts.pages.menu import pages_for
from backend.accounts.services.refusals import IntroducedSession
from backend.accounts.signin import page_sign_in_required
from backend.lib.clock import now
from backend.lib.errors import Busy, Instead, NotAllowed, NotFound, Refusal, told

_View = ParamSpec("_View")
_AnyView = TypeVar("_AnyView", bound=Callable[..., HttpResponseBase])
_Act = TypeVar("_Act")
OPEN_TO_INTRODUCED = "open_to_introduced"


def record_page(
    view: Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _View], HttpResponseBase]:
    """Open a page to every signed-in person; what they may not see is 404, as in the API.

    Its forms are closed to a sign-in by a code that another person has seen, unless it is `open_to_introduced`. A form
    with the NUL character, which PostgreSQL cannot store and no browser sends, is 400.
    """

    @never_cache
    @ensure_csrf_cookie
    @page_sign_in_required
    @wraps(view)
    def checked(request: HttpRequest, /, *args: _View.args, **kwargs: _View.kwargs) -> HttpResponseBase:
        if any("\0" in value for _, values in request.POST.lists() for value in values):
            raise BadRequest
        if (
            request.method == "POST"
            and person_of(request).introduced
            and not hasattr(view, OPEN_TO_INTRODUCED)
        ):
            return _closed_to_introduced(request)
        try:
            return view(request, *args, **kwargs)
        except (NotFound, NotAllowed) as refusal:
            raise Http404 from refusal

    return checked


def full_sign_in(
    view: Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _View], HttpResponseBase]:
    """Close a page, inside `record_page`, to a sign-in by a code that another person has seen; say what opens it."""

    @wraps(view)
    def checked(request: HttpRequest, /, *args: _View.args, **kwargs: _View.kwargs) -> HttpResponseBase:
        if person_of(request).introduced:
            return _closed_to_introduced(request)
        return view(request, *args, **kwargs)

    return checked


def act_named(request: HttpRequest, acts: Mapping[str, _Act]) -> _Act:
    """Return which of a page's acts the pressed button names. Raises NotFound."""
    try:
        return acts[request.POST.get("act", "")]
    except KeyError as error:
        raise NotFound from error


def open_to_introduced(view: _AnyView) -> _AnyView:
    """Leave the forms of a page, inside `record_page`, open to a sign-in by a code that another person has seen."""
    setattr(view, OPEN_TO_INTRODUCED, True)
    return view


def _closed_to_introduced(request: HttpRequest) -> HttpResponse:
    context = {"text": IntroducedSession().words, "next": request.get_full_path()}
    return show(request, "full_sign_in", context, page="devices", status=IntroducedSession.status)


def sent_from(
    page: str, *kept: str
) -> Callable[
    [Callable[Concatenate[HttpRequest, _View], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
]:
    """Take what a form on another page sends.

    A GET of the address is redirected to that page, with the `kept` parts of the address. This happens after signing in
    again, and after choosing another language where a refusal was shown.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, _View], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, /, *args: _View.args, **kwargs: _View.kwargs) -> HttpResponseBase:
            if request.method in ("GET", "HEAD"):
                return redirect(reverse(f"console:{page}", kwargs={name: kwargs[name] for name in kept}))
            return (
                view(request, *args, **kwargs)
                if request.method == "POST"
                else HttpResponseNotAllowed(["POST"])
            )

        return checked

    return decorate


def said(refusal: Refusal, instead: Instead | None = None) -> str:
    """Return what a page says of a refusal. What is hidden stays so, and a busy server draws no page: those go on."""
    if isinstance(refusal, NotFound | NotAllowed | Busy):
        raise refusal
    return told(refusal, instead)


def whole_number(text: str, *, digits: int) -> int:
    """Return a whole number of so many digits at most, as addresses and forms name places; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else 0


def person_of(request: HttpRequest) -> User:
    """Return who is signed in; only on pages that `record_page` opens."""
    return cast(User, request.user)


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, page: str, status: int = 200
) -> HttpResponse:
    """Render `console/<template>.html` with the menu, times by the clocks of the person's zone.

    `page` is the name of the menu's item that it belongs to.
    """
    user = person_of(request)
    whole = {**context, "pages": pages_for(user, at=now()), "page": page}
    with override(ZoneInfo(hooks.zone_of(user))):
        return render(request, f"console/{template}.html", whole, status=status)
