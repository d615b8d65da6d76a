"""Reads the units whose volunteers a person may watch on the live map."""

from backend.lib.clock import now
from backend.realtime.registry import Principal
from backend.volunteers.queries import dispatched_units


def watched_paths(principal: Principal) -> list[str]:
    """Return the paths of the topmost units that the person's posts cover."""
    return [unit.path for unit in dispatched_units(principal.user_id, at=now())]
