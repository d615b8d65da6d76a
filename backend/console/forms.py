"""The sign-in form, the only form before sign-in."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.pages.words import too_many_words
from backend.accounts.signin import checked_user
from backend.lib.errors import CredentialsWrong, TooMany
from backend.lib.phones import LONGEST


class SignInForm(forms.Form):
    """Volunteer number or phone, and the password."""

    identifier = forms.CharField(
        label=_("Volunteer number or phone"),
        max_length=LONGEST,
        error_messages={"required": _("Enter your volunteer number or phone.")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "inputmode": "tel", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Enter your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
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
        except TooMany as error:
            raise forms.ValidationError(too_many_words(error), code="too-many") from error
        except CredentialsWrong as error:
            text = _("Number, phone or password is wrong. Check them and try again.")
            raise forms.ValidationError(text, code="wrong") from error
