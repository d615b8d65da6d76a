"""What signing in gives, and what signing out takes."""

from backend.accounts.schemas.sign_in import Tokens
from backend.lib.shapes import Request
from backend.volunteers.schemas.me import Me


class SignedIn(Tokens):
    """Tokens, and who they are for; after a second factor the secret by which the device is trusted, told once.

    `introduced`: another person has seen the code by which the device signed in; some doors are closed to it.
    """

    me: Me
    trust_secret: str | None = None
    introduced: bool = False


class SignOutIn(Request):
    """Sign out; duty goes on while another device is signed in, unless `end_duty` asks for its end."""

    end_duty: bool = False
