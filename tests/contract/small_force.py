"""Makes a squadron with its leader and two volunteers in an empty database, for tests that start a server.

`python -m tests.contract.small_force` prints whom it made as JSON.
"""

import json
import os
import sys
from datetime import UTC, date, datetime

PASSWORD = "correct horse battery"


def make() -> dict[str, str]:
    """Make the units and their people; return the numbers that tests sign in with."""
    from backend.volunteers import services
    from backend.volunteers.models import Purpose, Role
    from tests.builders.formation import Tree

    at, tree = datetime.now(UTC), Tree()
    top = tree.place(None, "总指挥部")
    corps = tree.place(top, "金华市", 7)
    detachment = tree.place(corps, "浦江县", 7, 26)
    brigade = tree.place(detachment, "浦阳街道", 7, 26, 4)
    squadron = tree.place(brigade, "文溪社区", 7, 26, 4, 12)
    tree.save()
    leader, first, second = (
        services.create_volunteer(
            name=name,
            phone=f"1380000000{serial}",
            password=PASSWORD,
            born_on=date(1980, 1, 1),
            units=[squadron],
            agrees_to=[Purpose.LOCATION],
            by=None,
            at=at,
        )
        for serial, name in enumerate(("队长", "王大妈", "李师傅"))
    )
    services.appoint(volunteer=leader, unit=squadron, role=Role.LEADER, by=None, at=at)
    return {
        "NUMBER": f"{first.number:08d}",
        "OTHER_NUMBER": f"{second.number:08d}",
        "LEADER": f"{leader.number:08d}",
        "UNIT": squadron.number,
        "PASSWORD": PASSWORD,
        "LEADER_PASSWORD": PASSWORD,
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
    import django

    django.setup()
    json.dump(make(), sys.stdout)
