"""The documents for app developers say what the code does: generated ones are fresh, commands run, tables are whole."""

import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import backend
from backend.accounts import guests, login_attempts, password_hashing
from backend.accounts.services import devices, invitations, second_factors, trust
from backend.badges import schemas as badge_schemas
from backend.badges.schemas import MOST_IMAGE_BYTES
from backend.config import settings as configured
from backend.desks import schemas as desk_schemas
from backend.desks.queries import desks
from backend.desks.services import shifts
from backend.dispatch import schemas as dispatch_schemas
from backend.dispatch.queries import inbox as dispatch_inbox
from backend.dispatch.queries import tasks as dispatch_tasks
from backend.dispatch.schemas import CallOutIn
from backend.dispatch.services import offers
from backend.joining import queries as joining
from backend.joining.services import applications, sign_in_codes, transfers
from backend.lib import bodies, pictures
from backend.lib.errors import Refusal
from backend.lib.errors import refusals as declared_refusals
from backend.numbers import schemas as number_shapes
from backend.numbers.services import number_blocks, number_bounds
from backend.realtime import connection, frames, keys, pace, websocket
from backend.realtime.docs import asyncapi
from backend.realtime.log import event_log
from backend.realtime.management.commands.generate_docs import DOCS, generated
from backend.realtime.server import exchange, frame_protocol, http, keepalive
from backend.realtime.socket import admission, consumer, holders
from backend.realtime.socket.hub import CLOSINGS
from backend.rosters.queries import imports as roster_imports
from backend.rosters.reading import files as roster_files
from backend.tracking import agreement, fixes, judging
from backend.tracking.mapfeed.grid import WIDEST_PX
from backend.tracking.mapfeed.viewports import MAX_BYTES
from backend.tracking.schemas import positions
from backend.tracking.services import trackers
from backend.volunteers.schemas import formation
from backend.volunteers.services import emblems, finding
from simulator.processes import Server, free_port
from tests.prepared import SECRET_KEY, with_force

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = sorted(
    [
        *DOCS.glob("*.md"),
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
)
SESSION = (DOCS / "README.md").read_text()


# --- generated ----------------------------------------------------------------------------------------------------


def test_generated_documents_are_fresh() -> None:
    """`manage.py generate_docs` would change nothing."""
    files = generated()
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]
    left_over = [path.name for path in (DOCS / "examples").glob("*.json") if path not in files]

    assert (stale, left_over) == ([], [])


@pytest.mark.parametrize("name", sorted(asyncapi.examples()))
def test_example_fits_the_schema_of_its_message(name: str) -> None:
    document = asyncapi.document()
    message = document["components"]["messages"][name]
    schema = {**message["payload"], "components": document["components"]}

    for example in message["examples"]:
        jsonschema.validate(example["payload"], schema, format_checker=jsonschema.FormatChecker())


def test_every_reference_in_a_generated_document_resolves() -> None:
    for path, text in generated().items():
        if path.suffix == ".yaml":
            document = yaml.safe_load(text)
            for reference in _references(document):
                _look_up(document, reference)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _references(item)


def _look_up(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step.replace("~1", "/").replace("~0", "~")]
    return document


# --- the first session --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def force(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Start a server on SQLite with a squadron; yield the shell variables that the README's first block sets."""
    folder = tmp_path_factory.mktemp("server")
    environment = {
        "DATABASE_URL": f"sqlite:///{folder}/muster.sqlite3",
        "REDIS_URL": "",
        "SECRET_KEY": SECRET_KEY,
        "CLOCK_INSIDE": "true",
        "DEBUG": "false",
    }
    seeded = with_force(environment["DATABASE_URL"])
    command = (
        sys.executable,
        "-m",
        "daphne",
        "-b",
        "127.0.0.1",
        "-v",
        "0",
        "backend.config.asgi:application",
    )
    port = free_port()
    server = Server("daphne", (*command, "-p", str(port)), port, environment, folder / "log")
    server.start()
    try:
        server.wait_until_healthy(60)
        yield {**seeded, "ADDRESS": server.http}
    finally:
        server.kill()


def blocks(document: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.timeout(180)
def test_the_commands_of_the_first_session_run_as_written(force: Mapping[str, str], tmp_path: Path) -> None:
    (program,) = blocks(SESSION, "python")
    (tmp_path / program.split("\n")[0].removeprefix("# ")).write_text(program)
    script = "set -euo pipefail\n" + "\n".join(blocks(SESSION, "sh"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**force, "PATH": path},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}\n{_told(tmp_path)}"
    told = [json.loads(line) for line in _told(tmp_path).splitlines()]
    assert [frame["type"] for frame in told if "seq" in frame] == ["task.called", "assignment.changed"]
    progress = json.loads((tmp_path / "task.json").read_text())["progress"]
    assert (progress["delivered"], progress["seen"], progress["accepted"]) == (1, 1, 1)
    assert json.loads((tmp_path / "inbox.json").read_text())["items"][0]["assignment"]["status"] == "accepted"
    missed = json.loads((tmp_path / "missed.json").read_text())["topics"][f"person.{force['NUMBER']}"]
    assert [event["type"] for event in missed["events"]] == ["duty.changed", "assignment.changed"]


def _told(folder: Path) -> str:
    return (folder / "phone.log").read_text() if (folder / "phone.log").exists() else ""


# --- written by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)

    broken = [target for target in targets if "://" not in target and not _resolves(path, target)]

    assert broken == []


def _resolves(path: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (path.parent / name) if name else path
    if not file.exists():
        return False
    return not anchor or anchor in {
        _anchor(line) for line in file.read_text().splitlines() if line.startswith("#")
    }


def _anchor(heading: str) -> str:
    """Return the anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def shown(path: Path) -> list[Any]:
    """Return the JSON objects that a guide shows; a blank line parts them."""
    return [
        json.loads(part) for block in blocks(path.read_text(), "json") for part in block.strip().split("\n\n")
    ]


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: str(path.name))
def test_frames_in_a_guide_fit_their_schemas(path: Path) -> None:
    document = asyncapi.document()

    for frame in shown(path):
        name = ("problem" if "problem" in frame else None) if "reply" in frame else frame["type"]
        message = document["components"]["messages"].get(name)
        assert message or "reply" in frame or str(name).startswith("/problems/"), f"no frame of type {name}"
        if message:
            jsonschema.validate(frame, {**message["payload"], "components": document["components"]})


def test_frames_guide_shows_every_message() -> None:
    guide = (DOCS / "frames.md").read_text()

    missing = [name for name in asyncapi.examples() if f"`{name.removesuffix('.reply')}`" not in guide]

    assert missing == []


def test_problems_table_names_every_refusal_and_nothing_else() -> None:
    rows = re.findall(
        r"^\| `/problems/([a-z-]+)` \| (\d{3}) \|", (DOCS / "problems.md").read_text(), re.MULTILINE
    )

    assert len(rows) == len(set(rows))
    assert set(rows) == {(kind.slug, str(kind.status)) for kind in refusals()}


def refusals() -> set[type[Refusal]]:
    """Return every class of refusals of the product."""
    for module in pkgutil.walk_packages(backend.__path__, "backend."):
        if ".migrations." not in module.name and ".management." not in module.name:
            importlib.import_module(module.name)
    return {kind for kind in declared_refusals() if kind.__module__.startswith("backend.")}


def test_close_codes_table_names_every_code_the_server_sends() -> None:
    rows = set(re.findall(r"^\| (\d{4}) \|", (DOCS / "close_codes.md").read_text(), re.MULTILINE))
    sources = (ROOT / "backend" / "realtime").rglob("*.py")
    sent = {
        code
        for path in sources
        for code in re.findall(r"(?:_Closed|close)\((4\d{3}|1\d{3}),", path.read_text())
    } | {str(code) for code in CLOSINGS}

    assert sent <= rows
    assert rows == sent | {"1000", "1001", "1002", "1006", "1007", "1008", "1009", "1011", "1012"}


LIMITS = {
    "bytes of a frame": frames.MAX_FRAME_BYTES,
    "frames a second": int(consumer.FRAMES_PER_S),
    "frames at once": int(consumer.BURST),
    "seconds to say hello": int(consumer.HELLO_WITHIN_S),
    "sockets of an address that wait for their hello": admission.MAX_UNKNOWN,
    "hellos of an address that fail at once": int(admission.FAILED_AT_ONCE),
    "parts of a message": websocket.MAX_PARTS,
    "sockets of a device": holders.MOST_OF_DEVICE,
    "sockets of a person": holders.MOST_OF_PERSON,
    "topics of a socket": frames.MAX_TOPICS,
    "fixes of a frame": positions.PositionFrame.model_fields["fixes"].metadata[1].max_length,
    "fixes of a request": positions.PositionsIn.model_fields["fixes"].metadata[1].max_length,
    "bytes of unpacked positions": fixes.MAX_UNPACKED,
    "days until a fix is too old": judging.BROUGHT_BACK.days,
    "seconds a phone's clock may be off": int(agreement.DRIFT.total_seconds()),
    "seconds an app may read nothing at all": int(keepalive.WRITE_WITHIN_S),
    "seconds an app may be silent and answer no ping": int(keepalive.HEARD_WITHIN_S),
    "pings and pongs between two looks": frame_protocol.MAX_CONTROLS,
    "frames of the backlog": connection.BACKLOG_FRAMES,
    "bytes of the backlog": connection.BACKLOG_BYTES,
    "events sent again for a topic": event_log.MAX_REPLAY,
    "days an event is kept": configured.MUSTER.events_kept.days,
    "events kept for a topic": configured.MUSTER.events_kept_per_topic,
    "days the key of an act is kept": keys.KEPT.days,
    "keys of a person": keys.MOST,
    "minutes a key is kept before sign-in or of a secret": keys.BRIEFLY.total_seconds() / 60,
    "bytes of map frames a second": MAX_BYTES,
    "pixels of a viewport": WIDEST_PX,
    "bytes of a request": configured.DATA_UPLOAD_MAX_MEMORY_SIZE,
    "bytes of the first line of a request": http.MAX_ADDRESS,
    "bytes of the headers of a request": http.MAX_HEADERS,
    "seconds to send the headers of a request": int(http.REQUEST_WITHIN_S),
    "seconds between two requests of a connection": int(http.KEPT_S),
    "seconds until a body is too slow": int(exchange.BODY_GRACE_S),
    "seconds to make room for more of an answer": int(exchange.READ_WITHIN_S),
    "bytes of bodies from an address at once": bodies.MAX_HELD_OF_ADDRESS,
    "units of a call-out": CallOutIn.model_fields["units"].metadata[1].max_length,
    "people of a call-out": offers.MAX_ASKED,
    "tasks of a page": dispatch_tasks.PAGE,
    "recipients of a page": dispatch_schemas.MOST_RECIPIENTS,
    "open offers of a page of the inbox": dispatch_inbox.MOST_OPEN,
    "ended offers of a page of the inbox": dispatch_inbox.ENDED,
    "minutes of an access token": int(configured.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"].total_seconds() / 60),  # type: ignore[attr-defined]
    "days of a refresh token": configured.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"].days,  # type: ignore[attr-defined]
    "days of a refresh token of a person without a post": configured.MUSTER.idle_without_post.days,
    "minutes of a code to sign in": int(configured.MUSTER.sign_in_code.total_seconds() / 60),
    "codes to sign in for a person in an hour": sign_in_codes.MOST_IN_AN_HOUR,
    "seconds the spent refresh token is still good": int(devices.PREVIOUS_GOOD_FOR.total_seconds()),
    "bytes of a roster": roster_files.MAX_BYTES,
    "rows of a page of a report": roster_imports.REPORT_PAGE,
    "applications of an address in an hour": applications.MOST_OF_ADDRESS,
    "applications that wait in a unit": applications.MOST_OF_UNIT,
    "units where a phone's applications wait": applications.MOST_OF_PHONE,
    "days a decided application is kept": applications.KEPT.days,
    "applications of a page": joining.PAGE,
    "units of a volunteer": transfers.MOST_UNITS,
    "transfers of a person that wait": transfers.MOST_OPEN,
    "transfers of a list": joining.TRANSFERS,
    "shifts of a plan that are not over": shifts.MOST_SHIFTS,
    "days a shift lasts at most": desk_schemas.LONGEST_SHIFT.days,
    "open hand-overs of a desk": desks.MOST_OPEN,
    "matters of a hand-over": desk_schemas.MOST_MATTERS,
    "hand-overs of a list": desks.HAND_OVERS,
    "signs of one file": badge_schemas.MOST_COPIES,
    "members of a split": formation.MOST_MOVED,
    "bytes of an emblem": emblems.MOST_BYTES,
    "pixels of a picture": pictures.MOST_PIXELS["PNG"],
    "pixels of a photo in jpeg": pictures.MOST_PIXELS["JPEG"],
    "pixels of a photo in progressive jpeg": pictures.MOST_PROGRESSIVE,
    "trackers of a person": trackers.MOST,
    "days of a tracker's secret": trackers.GOOD_FOR.days,
    "numbers of a block": number_shapes.MOST_IN_BLOCK,
    "blocks of a unit in a day": number_blocks.MOST_A_DAY,
    "unused numbers of a squadron": number_bounds.SPARE["squadron"],
    "walk-ins of a person in a day": number_bounds.WALK_INS,
    "people of other units found in a day": finding.MOST_FOUND,
    "wrong passwords from an address": configured.AXES_FAILURE_LIMIT,
    "wrong passwords from everywhere": login_attempts.MOST_EVERYWHERE,
    "wrong codes of a subtree from an address": login_attempts.OF_A_SUBTREE.here,
    "wrong codes of a subtree from everywhere": login_attempts.OF_A_SUBTREE.everywhere,
    "sign-ins of an address that fail at once": guests.guesses.at_once,
    "sign-ins that wait until a password is hashed": password_hashing.MOST_WAITING,
    "requests without a token of an address": guests.requests.at_once,
    "acts of a person at once": pace.acts.at_once,
    "wrong codes in a quarter of an hour": second_factors.MOST_WRONG,
    "minutes a sign-in waits for its code": int(second_factors.GOOD_FOR.total_seconds() / 60),
    "codes sent for a sign-in": second_factors.MOST_SENT,
    "days a device is trusted": trust.TRUSTED_FOR.days,
    "days of an invitation": invitations.GOOD_FOR.days,
    "bytes of a picture": MOST_IMAGE_BYTES,
}


def test_limits_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| ([a-z' -]+) \| ([\d,]+) \|", (DOCS / "frames.md").read_text(), re.MULTILINE)

    assert {name: int(number.replace(",", "")) for name, number in rows} == LIMITS
