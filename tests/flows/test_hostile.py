"""Whatever a broken or hostile client sends is refused as documented, costs no memory, and nobody else notices."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7
from websockets.exceptions import ConnectionClosed, InvalidStatus

from simulator.throwaway import postgres_database
from tests.builders import task_body
from tests.flows.installation import Bystander, Installation, Phone

pytestmark = [
    pytest.mark.waits,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("hostile"),  # in one worker: each would start the servers anew
]

DOCUMENTED = {
    int(code)
    for code in re.findall(
        r"^\| (\d{4}) \|",
        (Path(__file__).resolve().parents[2] / "mobile_api_docs" / "close_codes.md").read_text(),
        re.MULTILINE,
    )
}
GROWTH_MB = 20.0
WARM_UP = 2
ROUNDS = 2


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("web", "sqlite"), marks=pytest.mark.embedded),
        pytest.param(("sockets", "sqlite"), marks=pytest.mark.embedded),
        pytest.param(("web", "postgres"), marks=pytest.mark.postgres),
    ],
    ids="-".join,
)
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Start one process of the Procfile: each serves REST and sockets both."""
    process, database = request.param
    folder = tmp_path_factory.mktemp(process)
    if database == "sqlite":
        with Installation.run(process, f"sqlite:///{folder}/muster.sqlite3", folder) as started:
            yield started
    else:
        with (
            postgres_database("hostile") as url,
            Installation.run(process, url, folder) as started,
        ):
            yield started


# --- what is sent -------------------------------------------------------------------------------------------------

NUL = "a\x00b"
HUGE = "1" + "0" * 5_000
DEEP = 100_000
SURROGATE = b'{"language": "\\ud800"}'
FIX = {"at": "2026-03-01T12:00:00Z", "lon": 119.89, "lat": 29.45, "datum": "wgs84"}
POLYGON = json.dumps([[119.89, 29.45]] * 1_000_000)


def task(**changes: Any) -> dict[str, Any]:
    """Return a task; the unit is filled in where it is sent."""
    body = task_body("", datetime(2030, 1, 2, 10, tzinfo=UTC), **changes)
    return body if "unit" in changes else without(body, "unit")


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the body without one field."""
    return {key: value for key, value in body.items() if key != name}


def place(**changes: Any) -> dict[str, Any]:
    """Return a place."""
    return {"lon": 119.89, "lat": 29.45, "datum": "wgs84"} | changes


BAD_TASKS: dict[str, dict[str, Any]] = {
    "an unknown field": task(colour="red"),
    "a number as title": task(title=7),
    "a list as place": task(place=[119.89, 29.45]),
    "NaN": task(place=place(lon=float("nan"))),
    "Infinity": task(place=place(lat=float("inf"))),
    "beyond the pole": task(place=place(lat=91)),
    "no datum": task(place=without(place(), "datum")),
    "an unknown datum": task(place=place(datum="cgcs2000")),
    "NUL in the title": task(title=NUL),
    "NUL in the instructions": task(instructions=NUL),
    "NUL in the place": task(place=place(name=NUL)),
    "NUL in a requirement": task(requirements=[NUL]),
    "NUL in the unit": task(unit=NUL),
    "a negative headcount": task(headcount=-1),
    "a huge headcount": task(headcount=10**30),
    "true as headcount": task(headcount=None),
    "no UUID": task(id="7"),
    "a UUID of version 4": task(id="5f0c1f4e-6d35-4d0b-8a49-0f0a7d2f7d11"),
    "the year 1": task(starts_at="0001-01-01T00:00:00+14:00", answer_by="0001-01-01T00:00:00+14:00"),
    "the year 9999": task(starts_at="9999-12-31T23:59:59-14:00", answer_by="9999-12-31T23:59:59-14:00"),
    "a moment without an offset": task(starts_at="2030-01-02T12:00:00"),
    "a moment that is a huge number": task(starts_at=1e300),
    "too many requirements": task(requirements=["boat"] * 21),
    "a long title": task(title="x" * 121),
}
BAD_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "null": b"null",
    "bad UTF-8": b'{"on": "\xff\xfe"}',
    "a lone surrogate": SURROGATE,
    "a huge integer": b'{"on": ' + HUGE.encode() + b"}",
    "deep nesting": b'{"on": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"on":' * 50_000 + b"1" + b"}" * 50_000,
    "a polygon": b'{"on": ' + POLYGON[:900_000].encode() + b"}",
    "two megabytes": b'{"on": "' + b"x" * 2_000_000 + b'"}',
    "many unknown fields": json.dumps({f"f{n}": 0 for n in range(60_000)}).encode(),
    "a form": b"on=true",
}
WRITING = (
    ("POST", "/api/v1/sign-in"),
    ("POST", "/api/v1/token/refresh"),
    ("PUT", "/api/v1/me/duty"),
    ("PUT", "/api/v1/me/language"),
    ("POST", "/api/v1/tasks"),
    ("POST", f"/api/v1/tasks/{uuid7()}/call-outs"),
    ("POST", f"/api/v1/tasks/{uuid7()}/cancel"),
    ("POST", f"/api/v1/tasks/{uuid7()}/answer"),
    ("POST", "/api/v1/positions"),
    ("POST", "/api/v1/catch-up"),
    ("POST", "/api/v1/receipts"),
)
BAD_REQUESTS: dict[str, tuple[str, str, Any]] = {
    "sign in: NUL as identifier": (
        "POST",
        "sign-in",
        {"identifier": NUL, "password": "x", "device": {"id": str(uuid7())}},
    ),
    "sign in: NUL as password": (
        "POST",
        "sign-in",
        {"identifier": "13800000000", "password": NUL, "device": {"id": str(uuid7())}},
    ),
    "sign in: no UUID": ("POST", "sign-in", {"identifier": "1", "password": "x", "device": {"id": "x"}}),
    "refresh by garbage": ("POST", "token/refresh", {"refresh": "a.b.c"}),
    "refresh by NUL": ("POST", "token/refresh", {"refresh": NUL}),
    "duty until the year 1": ("PUT", "me/duty", {"on": True, "until": "0001-01-01T00:00:00+14:00"}),
    "fixes: none": ("POST", "positions", {"fixes": []}),
    "fixes: too many": ("POST", "positions", {"fixes": [{}] * 10_001}),
    "fixes: no datum": ("POST", "positions", {"fixes": [without(FIX, "datum")]}),
    "fixes: NaN": ("POST", "positions", {"fixes": [{**FIX, "lon": float("nan")}]}),
    "fixes: a battery of 101": ("POST", "positions", {"fixes": [{**FIX, "battery": 101}]}),
    "cursors: too many": ("POST", "catch-up", {"cursors": {f"unit.{n}": 0 for n in range(201)}}),
    "cursors: negative": ("POST", "catch-up", {"cursors": {"unit.1": -1}}),
    "cursors: huge": ("POST", "catch-up", {"cursors": {"unit.1": 2**70}}),
    "cursors: long names": ("POST", "catch-up", {"cursors": {"u" * 81: 0}}),
    "receipts: a list": ("POST", "receipts", {"delivered": []}),
    "call-out: no units": ("POST", f"tasks/{uuid7()}/call-outs", {"id": str(uuid7()), "units": []}),
    "call-out: too many units": (
        "POST",
        f"tasks/{uuid7()}/call-outs",
        {"id": str(uuid7()), "units": ["1"] * 201},
    ),
    "answer: an ETA of years": ("POST", f"tasks/{uuid7()}/answer", {"answer": "accept", "eta_min": 10**9}),
    "answer: NUL": ("POST", f"tasks/{uuid7()}/answer", {"answer": "decline", "reason": NUL}),
    "cancel: NUL": ("POST", f"tasks/{uuid7()}/cancel", {"reason": NUL}),
    "tasks after x": ("GET", "tasks?after=x", b""),
    "tasks in a status that is none": ("GET", "tasks?status=x", b""),
    "tasks of a unit that is none": ("GET", "tasks?unit=x", b""),
    "tasks of NUL": ("GET", "tasks?unit=%00", b""),
    "tasks by an unknown parameter": ("GET", "tasks?colour=red", b""),
    "tasks after NUL": ("GET", "tasks?after=%00", b""),
    "tasks after a page there is not": ("GET", f"tasks?after={uuid7()}", b""),
    "tasks after something long": ("GET", f"tasks?after={'9' * 4_000}", b""),
    "recipients in a state that is none": ("GET", f"tasks/{uuid7()}/recipients?state=x", b""),
    "recipients after something long": ("GET", f"tasks/{uuid7()}/recipients?after={'9' * 6_000}", b""),
    "a unit named NUL": ("GET", "units/%00", b""),
    "a unit that is bad UTF-8": ("GET", "units/%ff%fe", b""),
    "a unit with a long name": ("GET", f"units/{'9' * 4_000}", b""),
    "a format": ("GET", "me?format=xml", b""),
    "another media type": ("GET", "nothing/%00", b""),
}
NESTED_TOKEN = "W1tb" * 1_500 + ".e30.AAAA"
BAD_HEADERS: dict[str, dict[str, str]] = {
    "no token": {"Authorization": "Bearer"},
    "garbage": {"Authorization": "Bearer a.b.c"},
    "a nested token": {"Authorization": f"Bearer {NESTED_TOKEN}"},
    "letters that are none": {"Authorization": "Bearer \xff\xfe.\xff.\xff"},
    "no signature": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiMSJ9."},
    "another scheme": {"Authorization": "Basic YTpi"},
    "a session that is none": {"Authorization": "-", "Cookie": "sessionid=" + "x" * 32},
    "a session with NUL": {"Authorization": "-", "Cookie": 'sessionid="\\000abcdefghijkl"'},
    "a long session": {"Authorization": "-", "Cookie": "sessionid=" + "x" * 4_000},
    "cookies that are none": {"Authorization": "-", "Cookie": "a/b=1; =; ;;;\xff=\xfe; sessionid"},
}


# --- REST ---------------------------------------------------------------------------------------------------------


def test_bad_bodies_are_problems_at_every_writing_route(installation: Installation) -> None:
    with Bystander(installation) as bystander:
        wrong = {
            f"{method} {path.replace('/api/v1', '')}: {name}": answer
            for method, path in WRITING
            for name, body in BAD_BODIES.items()
            if not (answer := installation.request(method, path, body, by="LEADER")).is_problem
        }

    assert wrong == {}
    assert bystander.noticed() == {}


def test_bad_tasks_are_problems(installation: Installation) -> None:
    unit = installation.force["UNIT"]
    wrong = {
        name: answer
        for name, body in BAD_TASKS.items()
        if not (
            answer := installation.request("POST", "/api/v1/tasks", {"unit": unit, **body}, by="LEADER")
        ).is_problem
    }

    assert wrong == {}


def test_bad_values_are_problems(installation: Installation) -> None:
    wrong = {
        name: answer
        for name, (method, path, body) in BAD_REQUESTS.items()
        if not (answer := installation.request(method, f"/api/v1/{path}", body, by="LEADER")).is_problem
    }

    assert wrong == {}


def test_what_a_database_cannot_store_is_named(installation: Installation) -> None:
    """NUL is Invalid wherever it stands, also where a name with it would only be looked up."""
    device = {"id": str(uuid7()), "name": NUL}
    sign_in = {
        "identifier": installation.force["NUMBER"],
        "password": installation.force["PASSWORD"],
        "device": device,
    }
    topics = {"cursors": {f"{kind}.{NUL}": 0 for kind in ("unit", "task", "person", NUL)}}

    named = installation.request("POST", "/api/v1/sign-in", sign_in)
    caught_up = installation.request("POST", "/api/v1/catch-up", topics, by="LEADER")
    receipt = {"epoch": "", "delivered": topics["cursors"]}
    received = installation.request("POST", "/api/v1/receipts", receipt, by="LEADER")

    assert (named.status, caught_up.status, received.status) == (422, 422, 422)


def test_bad_credentials_are_problems(installation: Installation) -> None:
    wrong = {
        name: answer
        for name, headers in BAD_HEADERS.items()
        if (answer := installation.request("GET", "/api/v1/me", headers=headers)).status != 401
    }

    assert wrong == {}


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ";;;", ""]
)
def test_a_wrong_content_type_breaks_nothing(installation: Installation, kind: str) -> None:
    """A failed sign-in looks at the form of a request too: what is none must not be an error of ours."""
    wrong_password = {"identifier": "13899999999", "password": "x", "device": {"id": str(uuid7())}}
    many = b"a&" * 5_000
    headers = {"Content-Type": kind}

    answers = [
        installation.request("POST", "/api/v1/sign-in", wrong_password, headers),
        installation.request("POST", "/api/v1/sign-in", many, headers),
        installation.request("PUT", "/api/v1/me/duty", many, headers, by="LEADER"),
    ]

    # A multipart request without a boundary is refused by Twisted, before it becomes a request.
    assert [answer for answer in answers if not 400 <= answer.status < 500] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "garbage"},
        {"X-Forwarded-For": "1.2.3.4.5, ::::"},
        {"X-Forwarded-For": ""},
        {"User-Agent": "x" * 3_000},
        {"Accept": "text/html"},
        {"Accept": ";;;,,/"},
        {"Accept-Language": "x" * 3_000},
        {"X-CSRFToken": "\xff"},
    ],
    ids=str,
)
def test_a_strange_header_does_not_open_or_break_the_sign_in(
    installation: Installation, headers: dict[str, str]
) -> None:
    guess = {"identifier": "13899999998", "password": "x", "device": {"id": str(uuid7())}}

    assert installation.request("POST", "/api/v1/sign-in", guess, headers).is_problem


# --- sockets ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A frame, and what may come of it: a problem, or one of some close codes."""

    frame: Any
    closes: frozenset[int] = field(default_factory=frozenset)


def command(type: str, body: Any, **changes: Any) -> dict[str, Any]:
    """Return a command."""
    return {"id": 5, "type": type, "key": str(uuid7()), "body": body} | changes


def position(**changes: Any) -> dict[str, Any]:
    """Return a position frame with one fix."""
    return {"type": "position", "n": 1, "fixes": [FIX | changes]}


TOO_LARGE = frozenset({4400, 1009, 1006})
"""A server that does not read such a frame at all has no way to say so."""
FRAMES: dict[str, Sent] = {
    "nothing": Sent(""),
    "no JSON": Sent("{"),
    "a list": Sent([]),
    "a number": Sent("7"),
    "null": Sent("null"),
    "no type": Sent({"id": 1}),
    "an unknown type": Sent(command("task.erase", {})),
    "a type that is a list": Sent({"type": [], "id": 1}),
    "a type with NUL": Sent(command(NUL, {})),
    "a long type": Sent(command("x" * 61, {})),
    "no key": Sent(without(command("duty.set", {"on": True}), "key")),
    "a key that is none": Sent(command("duty.set", {"on": True}, key="x")),
    "an id that is text": Sent(command("duty.set", {"on": True}, id="x")),
    "a huge id": Sent(command("duty.set", {"on": True}, id=10**40)),
    "a body that is a list": Sent(command("duty.set", [])),
    "an unknown field": Sent(command("duty.set", {"on": True, "off": True})),
    "duty until the year 1": Sent(command("duty.set", {"on": True, "until": "0001-01-01T00:00:00+14:00"})),
    "deep nesting": Sent('{"id":1,"type":"duty.set","body":{"on":' + "[" * 30_000 + "]" * 30_000 + "}}"),
    "a huge integer": Sent('{"id":1,"type":"duty.set","body":{"on":' + HUGE + "}}"),
    "NaN": Sent(position(lon=float("nan"))),
    "Infinity": Sent(position(lat=float("inf"))),
    "no datum": Sent({"type": "position", "n": 1, "fixes": [without(FIX, "datum")]}),
    "too many fixes": Sent({"type": "position", "n": 1, "fixes": [FIX] * 101}),
    "no fixes": Sent({"type": "position", "n": 1, "fixes": []}),
    "a receipt of text": Sent({"type": "receipt", "epoch": "", "delivered": {"unit.1": "x"}}),
    "too many cursors": Sent(
        {"type": "receipt", "epoch": "", "delivered": {f"u.{n}": 1 for n in range(201)}}
    ),
    "an answer with NUL": Sent(
        command("assignment.answer", {"task": str(uuid7()), "answer": "decline", "reason": NUL})
    ),
    "an answer to no task": Sent(command("assignment.answer", {"task": str(uuid7()), "answer": "accept"})),
    "a unit topic with NUL": Sent(command("topic.join", {"topic": f"unit.{NUL}"})),
    "a task topic with NUL": Sent(command("topic.join", {"topic": f"task.{NUL}"})),
    "a topic that is none": Sent(command("topic.join", {"topic": "task.x"})),
    "a long topic": Sent(command("topic.join", {"topic": "u" * 81})),
    "a map of NaN": Sent(command("map.view", {"bbox": [float("nan")] * 4, "zoom": 3})),
    "a zoom of NaN": Sent(command("map.view", {"bbox": [0, 0, 1, 1], "zoom": float("nan")})),
    "a map inside out": Sent(command("map.view", {"bbox": [9, 0, 1, 1], "zoom": 3})),
    "renewal by garbage": Sent(command("session.renew", {"token": "a.b.c"}), frozenset({4401})),
    "renewal by NUL": Sent(command("session.renew", {"token": NUL})),
    "renewal by nesting": Sent(command("session.renew", {"token": "W1tb" * 950 + ".e.A"}), frozenset({4401})),
    "a long token": Sent(command("session.renew", {"token": "x" * 4_001})),
    "a binary frame": Sent(b"{}", frozenset({4400})),
    "bad UTF-8 in binary": Sent(b"\xff\xfe", frozenset({4400})),
    "just too large": Sent("x" * (64 * 1024 + 1), frozenset({4400})),
    "two megabytes": Sent("x" * 2_000_000, TOO_LARGE),
    "a polygon of a million points": Sent(f'{{"id":1,"type":"map.view","body":{POLYGON}}}', TOO_LARGE),
}


def test_bad_frames_are_problems_or_close_as_documented(installation: Installation) -> None:
    wrong: dict[str, Any] = {}
    with Bystander(installation) as bystander:
        for name, sent in FRAMES.items():
            with installation.phone("LEADER") as phone:
                answer = phone.ask(sent.frame)
                if "close" in answer:
                    as_documented = answer["close"] in sent.closes & DOCUMENTED
                else:
                    status = answer.get("problem", {}).get("status", 0)
                    refused = 400 <= status < 500 or set(answer.get("results", ["none"])) == {"invalid"}
                    still_open = phone.ask({"type": "ping"}).get("type") == "pong"
                    as_documented = not sent.closes and refused and still_open
                if not as_documented:
                    wrong[name] = answer

    assert wrong == {}
    assert bystander.noticed() == {}


@pytest.mark.parametrize("name", ["no JSON", "a list", "an unknown type", "a binary frame", "two megabytes"])
def test_a_bad_frame_instead_of_hello_closes_as_documented(installation: Installation, name: str) -> None:
    with installation.phone("LEADER", hello=False) as phone:
        assert phone.ask(FRAMES[name].frame)["close"] in (FRAMES[name].closes or {4400})


def test_text_that_is_no_utf8_closes_the_socket(installation: Installation) -> None:
    """RFC 6455 has a code of its own for it, which the server's protocol class sends before we see the frame."""
    with installation.phone("LEADER") as phone:
        phone.socket.send(b"\xff\xfe\xfd", text=True)
        while "close" not in (answer := phone.next()):  # what follows the answer to hello comes first
            pass
        assert answer["close"] in {1007, *DOCUMENTED}


HANDSHAKES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "nothing": ({}, ("muster.v1",)),
    "garbage as token": ({"Authorization": "Bearer x"}, ("muster.v1",)),
    "a nested token": ({"Authorization": f"Bearer {NESTED_TOKEN[:3_600]}.e30.AAAA"}, ("muster.v1",)),
    "a subprotocol of garbage": ({}, ("muster.v1", "bearer.x.y.z")),
    "cookies that are none": ({"Cookie": "a/b=1; sessionid=abcdefghijk"}, ("muster.v1",)),
    "a session with NUL": (
        {"Cookie": 'sessionid="\\000abcdefghijkl"', "Origin": "http://HOST"},
        ("muster.v1",),
    ),
    "a session that is none": ({"Cookie": "sessionid=" + "x" * 32, "Origin": "http://HOST"}, ("muster.v1",)),
    "an origin that is none": ({"Cookie": "sessionid=" + "x" * 32, "Origin": "http://["}, ("muster.v1",)),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_bad_handshake_is_closed_with_4401(installation: Installation, name: str) -> None:
    headers, subprotocols = HANDSHAKES[name]
    host = f"127.0.0.1:{installation.server.port}"
    filled = {key: value.replace("HOST", host) for key, value in headers.items()}

    assert closed_with(installation.server.ws, filled, subprotocols) in {4401, 400}


def closed_with(url: str, headers: dict[str, str], subprotocols: tuple[str, ...]) -> int | None:
    """Return the code that answers hello, or the HTTP status: autobahn looks at the origin itself."""
    try:
        with Phone(url, headers, subprotocols) as phone:
            code: int | None = phone.hello().get("close")
    except InvalidStatus as refused:
        return refused.response.status_code
    return code


def test_compression_is_declined(installation: Installation) -> None:
    """It costs some 300 KiB a socket, and a frame could no longer be encoded once for everybody."""
    with Phone(installation.server.ws, {"Sec-WebSocket-Extensions": "permessage-deflate"}) as phone:
        response = phone.socket.response

    assert response is not None
    assert "Sec-WebSocket-Extensions" not in response.headers


def test_an_unknown_socket_address_is_no_error_of_ours(installation: Installation) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Phone(installation.server.ws.replace("/ws/v1/", "/ws/v9/"))

    assert 400 <= refused.value.response.status_code < 500


# --- too much -----------------------------------------------------------------------------------------------------


def flood(installation: Installation, frames: int = 10_000) -> int | None:
    """Send so many frames as fast as they go, and return the code the socket was closed with."""
    with installation.phone("NUMBER") as phone:
        try:
            for _ in range(frames):
                phone.socket.send('{"type":"ping"}')
        except ConnectionClosed:
            pass
        while "close" not in (answer := phone.next()):
            pass
    code: int | None = answer["close"]
    return code


def test_ten_thousand_frames_at_once_close_with_4290(installation: Installation) -> None:
    with Bystander(installation) as bystander:
        closed = [flood(installation) for _ in range(3)]

    # A peer that goes on writing into the close can lose it to a reset of the connection: then it sees 1006.
    assert 4290 in closed
    assert set(closed) <= {4290, 1006}
    assert bystander.noticed() == {}


def burden(installation: Installation) -> None:
    """Send everything that is large once."""
    for name in ("two megabytes", "a polygon", "deep nesting", "many unknown fields", "deep objects"):
        for method, path in (("POST", "/api/v1/positions"), ("PUT", "/api/v1/me/duty")):
            installation.request(method, path, BAD_BODIES[name], by="LEADER")
    for name in ("two megabytes", "a polygon of a million points", "deep nesting", "too many fixes"):
        with installation.phone("LEADER") as phone:
            phone.ask(FRAMES[name].frame)
    flood(installation)


@pytest.mark.timeout(240)
def test_memory_stays_flat_and_nobody_notices(installation: Installation) -> None:
    for _ in range(WARM_UP):
        burden(installation)

    growth = []
    with Bystander(installation) as bystander:
        for _ in range(2):
            before = installation.memory_mb()
            for _ in range(ROUNDS):
                burden(installation)
            time.sleep(1)
            growth.append(installation.memory_mb() - before)

    # A cache that fills or an arena that is added is a step; what leaks grows every time.
    assert min(growth) < GROWTH_MB, growth
    assert bystander.noticed() == {}


def test_a_good_task_still_goes_through_after_all_of_it(installation: Installation) -> None:
    """The server is the same as before: an order reaches a phone."""
    at = datetime.now(UTC)
    body = task(
        unit=installation.force["UNIT"],
        starts_at=at.replace(year=at.year + 1, month=1, day=1).isoformat(),
        answer_by=at.replace(year=at.year + 1, month=1, day=1).isoformat(),
    )
    installation.request("PUT", "/api/v1/me/duty", {"on": True}, by="NUMBER")
    with installation.phone("NUMBER") as phone:
        made = installation.request("POST", "/api/v1/tasks", body, by="LEADER")
        sent = installation.request(
            "POST",
            f"/api/v1/tasks/{body['id']}/call-outs",
            {"id": str(uuid7()), "units": [installation.force["UNIT"]]},
            by="LEADER",
        )
        while (event := phone.next()).get("type") != "task.called":
            assert "close" not in event

    assert (made.status, sent.status) == (201, 201)
    assert event["data"]["task"]["id"] == body["id"]
