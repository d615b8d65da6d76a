"""Which pages somebody may open."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.volunteers.models import DISPATCHING_ROLES, MANAGING_ROLES, Role, User
from backend.volunteers.rules import current_posts

LABELS: dict[str, Promise] = {
    "console": _("Command centre"),
    "leader": _("Call out"),
    "me": _("My tasks"),
    "applications": _("Applications"),
    "imports": _("Imports"),
    "numbers": _("Numbers"),
    "roster": _("Roster"),
    "availability": _("When I am available"),
    "my-data": _("My data"),
    "badge": _("My badge"),
    "devices": _("Devices and sign-in"),
}
"""The pages that stand in the menu, by the name of their address."""
ABOUT_ONESELF = ("availability", "my-data", "badge", "devices")
ASIDE = ("applications", "numbers", "imports", *ABOUT_ONESELF)
"""Pages that are opened seldom: the menu keeps them folded away."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the menu."""

    name: str

    @property
    def is_aside(self) -> bool:
        """Tell whether the menu folds it away."""
        return self.name in ASIDE

    @property
    def label(self) -> Promise:
        """What the menu says."""
        return LABELS[self.name]

    @property
    def address(self) -> str:
        """Where it is."""
        return reverse(f"console:{self.name}")


def pages_for(user: User, *, at: datetime) -> list[Page]:
    """Return the pages that somebody may open, the person's first page first, those about oneself last."""
    return [Page(name) for name in [*_names_for(user, at), *ABOUT_ONESELF]]


def _names_for(user: User, at: datetime) -> list[str]:
    roles = set(current_posts(user.pk, at).values_list("role", flat=True))
    managed = ["applications", "imports"] if roles & set(MANAGING_ROLES) else []
    if Role.COMMANDER in roles:
        return ["console", "leader", "me", "roster", "numbers", *managed]
    if roles & set(DISPATCHING_ROLES):
        return ["leader", "console", "me", "roster", "numbers", *managed]
    return ["me"]
