"""Reads the units whose volunteers a person may watch on the live map."""

from backend.lib.clock import now
from backend.realtime.registry import Principal
from backend.tracking.models import scope_of
from backend.volunteers.queries import dispatched_units


def watched_scopes(principal: Principal) -> list[str]:
    """Return the scopes of the topmost units that the person's posts cover."""
    return [scope_of(unit.path, unit.closed_depth) for unit in dispatched_units(principal.user_id, at=now())]
