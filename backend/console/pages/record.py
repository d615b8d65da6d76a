"""What all pages of records share: who may open them, how they are shown, how a refusal is told."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from backend.console.queries import pages_for
from backend.lib.api import now
from backend.lib.errors import NotAllowed, NotFound
from backend.volunteers.models import User, Volunteer
from backend.volunteers.signin import page_sign_in_required

DEFAULT_ZONE = "Asia/Shanghai"
_View = ParamSpec("_View")


def record_page(
    view: Callable[Concatenate[HttpRequest, _View], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _View], HttpResponseBase]:
    """Open a page to whoever is signed in; what they may not see is 404, like at any other door."""

    @never_cache
    @ensure_csrf_cookie
    @page_sign_in_required
    @wraps(view)
    def checked(request: HttpRequest, /, *args: _View.args, **kwargs: _View.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (NotFound, NotAllowed) as refusal:
            raise Http404 from refusal

    return checked


def person_of(request: HttpRequest) -> User:
    """Return who is signed in; only on pages that `record_page` opens."""
    return cast(User, request.user)


def zone_of(volunteer: Volunteer) -> str:
    """Return by which clocks a person's times are shown: those of their own unit."""
    primary = volunteer.memberships.filter(is_primary=True).values_list("unit__zone", flat=True).first()
    return primary or DEFAULT_ZONE


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, page: str, status: int = 200
) -> HttpResponse:
    """Render `console/<template>.html` with the menu; `page` is the name of the menu's item that it belongs to."""
    pages = pages_for(person_of(request), at=now())
    whole = {**context, "pages": pages, "page": page}
    return render(request, f"console/{template}.html", whole, status=status)
