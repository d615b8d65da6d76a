"""Which pages somebody may open."""

from datetime import datetime

from backend.volunteers.models import DISPATCHING_ROLES, Role, User
from backend.volunteers.rules import current_posts


def pages_for(user: User, *, at: datetime) -> list[str]:
    """Return the names of the pages, the person's first page first."""
    roles = set(current_posts(user.pk, at).values_list("role", flat=True))
    if Role.COMMANDER in roles:
        return ["console", "leader", "me"]
    if roles & set(DISPATCHING_ROLES):
        return ["leader", "console", "me"]
    return ["me"]
