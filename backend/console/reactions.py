"""The pages of the menu, in order: the person's first page first, the personal ones last."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from backend.accounts.pages.menu import Page, Place, register
from backend.volunteers.models import DISPATCHING_ROLES, MANAGING_ROLES, Role


def _all(place: int) -> Place:
    return lambda _roles: place


def _with_post(place: int, *, of: Collection[str]) -> Place:
    return lambda roles: place if roles & set(of) else None


def _command_centre(roles: frozenset[str]) -> int | None:
    """Put it first for a commander, and after the call-out page for all other dispatching posts."""
    return 0 if Role.COMMANDER in roles else _with_post(2, of=DISPATCHING_ROLES)(roles)


register(Page("console", _("Command centre"), _command_centre))
register(Page("leader", _("Call out"), _with_post(1, of=DISPATCHING_ROLES)))
register(Page("me", _("My tasks"), _all(3)))
register(Page("roster", _("Roster"), _with_post(4, of=DISPATCHING_ROLES)))
register(Page("numbers", _("Numbers"), _with_post(5, of=DISPATCHING_ROLES), is_aside=True))
register(Page("applications", _("Applications"), _with_post(6, of=MANAGING_ROLES), is_aside=True))
register(Page("imports", _("Imports"), _with_post(7, of=MANAGING_ROLES), is_aside=True))
register(Page("availability", _("When I am available"), _all(8), is_aside=True))
register(Page("waking", _("When I may be woken"), _all(9), is_aside=True))
register(Page("my-data", _("My data"), _all(10), is_aside=True))
register(Page("badge", _("My badge"), _all(11), is_aside=True))
register(Page("devices", _("Devices and sign-in"), _all(12), is_aside=True))
register(Page("people-here", _("Another person of this phone"), _all(13), is_aside=True))
