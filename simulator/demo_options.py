"""The command line of the demo, read before the installation: it needs only the standard library."""

import argparse
from pathlib import Path

from simulator.processes import is_free

ABOUT = (
    "Runs Muster with a province, a detachment of invented people, and phones that speak the real protocol."
)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line; ends with a sentence when the port is taken."""
    parser = argparse.ArgumentParser(prog="script/demo", description=ABOUT)
    parser.add_argument("--once", action="store_true", help="play one call-out without a person and judge it")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="where the server listens (8000)")
    parser.add_argument("--phones", type=int, default=200, metavar="N", help="simulated phones (200)")
    parser.add_argument(
        "--database",
        type=Path,
        metavar="FILE",
        help="an SQLite file (var/demo.sqlite3; with --once a temporary one)",
    )
    parser.add_argument(
        "--procfile",
        action="store_true",
        help="with --once: the processes of the Procfile on PostgreSQL and Redis (DATABASE_URL, REDIS_URL)",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=1.0,
        metavar="N",
        help="let time run N times as fast, 0.1 to 1000 (1): duty, tasks and answer times go by accordingly",
    )
    options = parser.parse_args(arguments)
    if not 0.1 <= options.rate <= 1_000:
        parser.error("--rate is between 0.1 and 1000")
    if options.procfile and not options.once:
        parser.error("--procfile goes with --once")
    if not options.once and not is_free(options.port):
        parser.error(f"port {options.port} is taken: give another one with --port")
    return options
