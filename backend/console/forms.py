"""The sign-in form, the only form before sign-in."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.pages.forms import PageForm, secret_field
from backend.accounts.pages.shell import said
from backend.accounts.services.refusals import PersonNeeded
from backend.accounts.signin import checked_user
from backend.lib.errors import CredentialsWrong, Refusal
from backend.lib.phones import LONGEST


class SignInForm(PageForm):
    """Volunteer number or phone, and the password."""

    ids = "id_%s"
    identifier = forms.CharField(
        label=_("Volunteer number or phone"),
        max_length=LONGEST,
        error_messages={"required": _("Enter your volunteer number or phone.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "tel", "autofocus": True}),
    )
    password = secret_field(
        _("Password"), autocomplete="current-password", required=_("Enter your password.")
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Find the person; the error never says which of the two fields is wrong."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "identifier" in cleaned and "password" in cleaned:
            self.user = self._user_of(cleaned["identifier"], cleaned["password"])
        return cleaned

    def _user_of(self, identifier: str, password: str) -> User:
        try:
            return checked_user(self.request, identifier, password)
        except PersonNeeded:
            raise  # the page asks next who it is
        except Refusal as refusal:
            wrong = {CredentialsWrong: _("Number, phone or password is wrong. Check them and try again.")}
            raise forms.ValidationError(said(refusal, wrong), code=refusal.slug) from refusal
