"""Gives more people posts in the small force, one of every kind, for the requests that are generated from openapi.yaml.

`python -m tests.hostile.posts` prints their numbers as JSON.
"""

import json
import os
import sys
from datetime import UTC, date, datetime

from tests.contract.small_force import PASSWORD

POSTS = (("member", 4), ("dispatcher", 3), ("deputy", 2), ("commander", 0))
"""Kinds of posts that the small force has none of, and the level of the unit of each: headquarters is 0."""


def make() -> dict[str, str]:
    """Return the numbers of new people by the kinds of their posts, and the numbers of all units by their level."""
    from backend.volunteers import services
    from backend.volunteers.models import Purpose, Role, Unit

    at, made = datetime.now(UTC), {}
    units = {unit.level: unit for unit in Unit.objects.all()}
    for serial, (role, level) in enumerate(POSTS, start=5):
        person = services.create_volunteer(
            name=f"岗位{serial}",
            phone=f"1380000000{serial}",
            password=PASSWORD,
            born_on=date(1980, 1, 1),
            units=[units[level]],
            agrees_to=[Purpose.LOCATION],
            by=None,
            at=at,
        )
        services.appoint(volunteer=person, unit=units[level], role=Role(role), by=None, at=at)
        made[role] = f"{person.number:08d}"
    return made | {f"level {level}": unit.number for level, unit in units.items()}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
    import django

    django.setup()
    json.dump(make(), sys.stdout)
