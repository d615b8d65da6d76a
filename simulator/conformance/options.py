"""The command line of the kit, read before anything is installed: nothing but the standard library is needed."""

import argparse
from pathlib import Path

from simulator.processes import ROOT

ABOUT = """\
Tries an app that speaks to Muster. The kit stands between the app and a real server, plays one fault after the other
and judges from outside what the app does. Point the app at the address that it prints.
mobile_api_docs/conformance.md tells more."""
PEOPLE = ROOT / "var" / "conformance.json"
SLACK_S = 4.0


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line; ends with a sentence when options do not go together."""
    parser = argparse.ArgumentParser(
        prog="script/conformance", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_places(parser)
    _add_person(parser)
    options = parser.parse_args(arguments)
    if options.pace < 1:
        parser.error("--pace is 1 or more")
    if options.server and not options.people.exists():
        parser.error(f"--server needs the sign-ins of its people in {options.people}")
    options.patience = options.patience or (20.0 if options.hands else 120.0)
    return options


def _add_places(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("trials", nargs="*", metavar="TRIAL", help="names of the trials to play (all; --list prints them)")
    add("--list", action="store_true", help="print every trial and what the phone must do, and end")
    add(
        "--host",
        default="127.0.0.1",
        help="address to listen on (127.0.0.1); 0.0.0.0 for phones in your network",
    )
    add("--port", type=int, default=8100, metavar="N", help="port to listen on (8100); 0 takes a free one")
    add(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="certificate and key in one PEM file: listen with TLS",
    )
    add("--server", metavar="URL", help="a test installation that runs already; without it one is started")
    add(
        "--people",
        type=Path,
        default=PEOPLE,
        metavar="FILE",
        help="JSON with the address and the sign-ins (var/conformance.json): written, but read with --server",
    )
    add("--report", type=Path, metavar="FILE", help="write the report as JSON too")


def _add_person(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--hands",
        metavar="COMMAND",
        help="a program that does what the person would; it reads one wish a line: "
        "sign-in, start, accept TASK, look TASK, leave",
    )
    add(
        "--patience", type=float, metavar="S", help="seconds the person has for a wish (120; 20 with --hands)"
    )
    add(
        "--slack",
        type=float,
        default=SLACK_S,
        metavar="S",
        help=f"seconds of delay that a slow machine or network is forgiven ({SLACK_S:.0f})",
    )
    add(
        "--pace",
        type=int,
        default=1,
        metavar="N",
        help="the app's pauses and time limits are N times shorter (1)",
    )
