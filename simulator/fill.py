"""Loads the demo people into the database of the environment: `python -m simulator.fill --help`."""

import json
import os
from argparse import ArgumentParser, Namespace


def read_options() -> Namespace:
    """Return the options of the command line."""
    parser = ArgumentParser(
        prog="python -m simulator.fill",
        description="Fill a detachment with invented volunteers; run it again to put them on duty again."
        " Prints three sign-ins as JSON.",
    )
    parser.add_argument("--unit", help="number of the detachment; without it, that of the demo")
    parser.add_argument("--people", type=int, default=2_000, help="members of its squadrons")
    parser.add_argument("--on-duty", type=float, default=0.6, help="the share on duty, 0 to 1")
    parser.add_argument("--password", help="of all of them; without it a random one is made and printed")
    return parser.parse_args()


def main() -> None:
    """Set Django up as `manage.py` does, and load them."""
    options = read_options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
    import django

    django.setup()
    from simulator.demo_people import PUJIANG, NoFormation, load_demo_people  # its models need Django

    try:
        signs_in = load_demo_people(
            unit=options.unit or PUJIANG,
            people=options.people,
            on_duty=options.on_duty,
            password=options.password,
        )
    except NoFormation as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(signs_in, ensure_ascii=False))


if __name__ == "__main__":
    main()
