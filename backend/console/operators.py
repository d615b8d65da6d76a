"""The operators' site: access to Django's admin."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from backend.accounts.signin import page_user
from backend.console import views
from backend.lib.errors import NotSignedIn
from backend.volunteers.rules import may_operate


class OperatorSite(AdminSite):
    """Django's admin, for operators alone, with the product's sign-in: the admin's own asks for no second factor."""

    site_title = site_header = _("Operators")
    index_title = _("What is kept")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether an operator is signed in, on a device that was not signed out."""
        try:
            return may_operate(page_user(request))
        except NotSignedIn:
            return False

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # Django's
        """Hide the site from signed-in people who are not operators."""
        shown = super().admin_view(view, cacheable)

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return shown(request, *args, **kwargs)

        return checked

    def get_urls(self) -> list[Any]:
        """Return the admin's addresses, after the product's own sign-in, sign-out and password."""
        ours = [
            path("login/", _sign_in, name="login"),
            path("logout/", views.sign_out, name="logout"),
            path("password_change/", _password, name="password_change"),
        ]
        return [*ours, *super().get_urls()]


def _sign_in(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse("console:sign-in"))


def _password(_request: HttpRequest) -> HttpResponse:
    """Redirect to the product's password page, which has the rules for passwords and signs out other devices."""
    return redirect("console:devices")
