"""The menu: rooms register their pages, and say to whom each is open."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise

from backend.accounts import hooks
from backend.accounts.models import User

Place = Callable[[frozenset[str]], int | None]
"""Returns where a page stands in the menu of a person with posts of these roles; None: it is not open to them."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page in the menu, by the name of its address; the menu folds those away that stand `aside`."""

    name: str
    label: Promise
    place: Place
    is_aside: bool = False

    @property
    def address(self) -> str:
        """Where it is."""
        return reverse(f"console:{self.name}")


_pages: dict[str, Page] = {}


def register(page: Page) -> None:
    """Add a page to the menu. Raises ValueError for a second one of the same name."""
    if page.name in _pages:
        raise ValueError(f"{page.name} is in the menu already")
    _pages[page.name] = page


def pages_for(user: User, *, at: datetime) -> list[Page]:
    """Return the pages that a person may open, in the order of their menu; one query."""
    roles = hooks.roles_of(user, at)
    placed = [(page.place(roles), page) for page in _pages.values()]
    shown = [(place, page) for place, page in placed if place is not None]
    return [page for _, page in sorted(shown, key=lambda one: one[0])]
