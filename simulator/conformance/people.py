"""Fills an empty database with a leader and a volunteer who are invented; `python -m` prints how they sign in."""

import json
import os
import secrets
import sys
from typing import Any

from simulator import stage

UNIT = (7, 26)
FIRST = 3_100_000


def main() -> None:
    """Bring the database of DATABASE_URL up to date and fill it."""
    stage.set_up_django({"DATABASE_URL": os.environ["DATABASE_URL"]})
    stage.migrate()
    sys.stdout.write(json.dumps(invent(secrets.token_urlsafe(9))))


def invent(password: str) -> dict[str, Any]:
    """Make one unit with two people, the first commands it; both sign in with this password."""
    from django.contrib.auth.hashers import make_password

    from backend.accounts.models import User
    from backend.volunteers.number_scheme import unit_number, volunteer_number
    from simulator.people import make_people

    good = [number for serial in range(FIRST, FIRST + 20) if (number := volunteer_number(serial))]
    unit = unit_number(*UNIT)
    leader, volunteer = good[:2]
    make_people([leader, volunteer], line=[unit])
    User.objects.filter(volunteer__number__in=[leader, volunteer]).update(password=make_password(password))
    return {
        "leader": {"number": f"{leader:08d}", "password": password},
        "volunteer": {"number": f"{volunteer:08d}", "password": password},
    }


if __name__ == "__main__":
    main()
