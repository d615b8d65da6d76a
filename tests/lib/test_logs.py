"""Log lines carry the id of their request, and no secret."""

import io
import json
import logging
import logging.config
import time
from collections.abc import Iterator
from contextvars import Context
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from structlog.contextvars import clear_contextvars

from backend.lib import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiMSJ9.c2lnbmF0dXJl"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Log through the formatter of the settings."""
    stream = io.StringIO()
    settings = logs.logging_settings("INFO", "json")
    handler = logging.StreamHandler(stream)
    configuration = logging.config.DictConfigurator(settings)
    handler.setFormatter(configuration.configure_formatter(settings["formatters"]["line"]))
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield stream
    logger.removeHandler(handler)
    clear_contextvars()


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        f"Authorization: Bearer {TOKEN}",
        f"Sec-WebSocket-Protocol: muster.v1, bearer.{TOKEN}",
        "Authorization: Basic dXNlcjpwYXNzd29yZA==",
        '{"password": "hunter2hunter2"}',
        "refresh=hunter2hunter2",
        "GET /api/v1/trackers/osmand?id=hunter2hunter2&lat=29.4&lon=119.8 HTTP/1.1",
        "/api/v1/trackers/osmand?lat=29.4&%69d=hunter2hunter2",
        "id=hunter2hunter2&lat=29.4",
        f"/b/x?next=Bearer%20{TOKEN}",
        f"token_{TOKEN}",
    ],
)
def test_no_secret_is_written(written: io.StringIO, secret: str) -> None:
    try:
        raise ValueError(f"inside {secret}")
    except ValueError:
        logging.getLogger("tests.logs").exception("could not read %s", secret)

    line = json.loads(written.getvalue())
    assert line["event"].startswith("could not read")
    assert "ValueError" in line["exception"]
    for part in (TOKEN, "hunter2", "dXNlcjpwYXNzd29yZA"):
        assert part not in written.getvalue()


@pytest.mark.parametrize("piece", ["eyJ", "bearer.", "password ", "?a", "id=", "token:"])
def test_a_line_costs_little_however_long_its_text(written: io.StringIO, piece: str) -> None:
    long = piece * (1_000_000 // len(piece))
    began = time.thread_time()
    try:
        raise ValueError(long)
    except ValueError:
        logging.getLogger("tests.logs").exception("Not Found: %s", long)

    assert time.thread_time() - began < 0.25
    line = json.loads(written.getvalue())
    assert len(line["event"]) <= logs.MOST_TEXT
    assert len(line["exception"]) <= logs.MOST_TRACEBACK + 10
    assert "Traceback" in line["exception"]


def test_a_long_traceback_keeps_its_end_and_hides_what_is_in_it(written: io.StringIO) -> None:
    try:
        raise ValueError("\n".join([f"row {n} password=hunter2hunter2" for n in range(2_000)]))
    except ValueError:
        logging.getLogger("tests.logs").exception("could not read")

    told = json.loads(written.getvalue())["exception"]
    assert len(told) <= logs.MOST_TRACEBACK + 10
    assert told.endswith("row 1999 password[hidden]")
    assert "hunter2" not in told


def answer(request: HttpRequest) -> HttpResponse:
    logging.getLogger("tests.logs").info("at work")
    return HttpResponse()


def test_a_socket_has_an_id_of_its_own_in_its_lines(written: io.StringIO) -> None:
    def work() -> str:
        logs.name_socket()
        logging.getLogger("tests.logs").info("at work")
        return logs.current_id()

    ids = [Context().run(work) for _ in range(2)]  # a test before may have left the id of its request

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["socket"] for line in lines] == ids
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("headers", "kept"),
    [({"X-Request-ID": "proxy-12345678"}, True), ({"X-Request-ID": "short"}, False), ({}, False)],
)
def test_a_request_has_one_id_everywhere(written: io.StringIO, headers: dict[str, str], kept: bool) -> None:
    response = logs.RequestIds(answer)(RequestFactory(headers=headers).get("/"))

    id = response["X-Request-ID"]
    line: dict[str, Any] = json.loads(written.getvalue())
    assert line["request"] == id == logs.current_id()
    assert (line["level"], line["logger"], line["event"]) == ("info", "tests.logs", "at work")
    assert (id == headers.get("X-Request-ID")) is kept
