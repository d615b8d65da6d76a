"""What happens to accounts and their devices, and what this room has to ask the rooms above."""

from collections.abc import Sequence
from datetime import datetime

from backend.accounts.acting import Act
from backend.accounts.models import Device, User
from backend.lib.hooks import hook, question


@hook
def device_signed_in(*, device: Device, act: Act) -> None:
    """Tell that a device was signed in: it is locked, or new. An answer may lock what comes after devices."""


@hook
def devices_signed_out(*, user: User, act: Act) -> None:
    """Tell that some devices of a person were signed out. All of them are locked; no answer refuses."""


@question
def accounts_named(name: str) -> Sequence[User]:
    """Return the accounts by what a person signs in with, with all that stands for the people.

    A number has one at most, a phone that a family shares several. Asks the database the same whether there is such an
    account or not, so that the time does not tell.
    """
    raise NotImplementedError


@question
def number_of(user: User | None) -> int:
    """Return the number by which a person is known outside; without one, the number of no person (`realtime.keys`).

    No query where the account was read with its volunteer.
    """
    raise NotImplementedError


@question
def inbox_of(user: User) -> str:
    """Return the topic on which a person hears of their own. No query where `number_of` makes none."""
    raise NotImplementedError


@question
def needs_second_factor(user: User, at: datetime) -> bool:
    """Tell whether the password alone would open too much of a person's."""
    raise NotImplementedError


@question
def holds_post(user: User, at: datetime) -> bool:
    """Tell whether a person has rights over others, now or later: by a post, also one that rests, or as an operator.

    One query. Who gives a post locks the account before.
    """
    raise NotImplementedError


@question
def subtree_of(user: User | None, name: str) -> str:
    """Return the subtree, by the number of its unit, in which guesses at codes of this person are counted together.

    For a name that no account has it is that of any unit, always the same: so nothing tells who exists.
    """
    raise NotImplementedError


@question
def still_invites(inviter: User, post: int, invited: User, at: datetime) -> bool:
    """Tell whether `inviter` could invite a person at `at`, and holds the post, by its key, by which it was done."""
    raise NotImplementedError


@question
def roles_of(user: User, at: datetime) -> frozenset[str]:
    """Return the roles of the posts that a person holds at `at`: the menu goes by them. One query."""
    raise NotImplementedError


@question
def zone_of(user: User) -> str:
    """Return the time zone in which pages show times to a person. One query."""
    raise NotImplementedError
