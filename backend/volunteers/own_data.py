"""What the apps contribute to export and deletion: volunteers knows nothing of the apps above it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from backend.volunteers.models import Volunteer


@dataclass(frozen=True, slots=True)
class Part:
    """What one app keeps of people.

    `read` returns it for the export. `check` raises the refusal for which somebody cannot be deleted now. `erase`
    takes out what leads to the person, and `kept` says in words what remains.
    """

    read: Callable[[Volunteer, datetime], Any]
    check: Callable[[Volunteer, datetime], None]
    erase: Callable[[Volunteer, datetime], None]
    kept: str


PARTS: dict[str, Part] = {}
"""The parts by their name in the export."""


def own_data(name: str, part: Part) -> None:
    """Register a part; each app does so once, when it starts."""
    PARTS[name] = part


def parts_of(volunteer: Volunteer, at: datetime) -> dict[str, JsonValue]:
    """Return what all apps keep of somebody."""
    return {name: part.read(volunteer, at) for name, part in PARTS.items()}
