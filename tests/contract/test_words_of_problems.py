"""Problems speak of fields: none tells of the program that looked at them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest

from backend.lib.errors import Refusal
from backend.lib.problems import invalid, what_is_wrong
from backend.lib.shapes import Request
from backend.realtime.frames import known_frames
from backend.realtime.socket.consumer import _decode

GARBAGE: tuple[Any, ...] = (
    None,
    "",
    "x",
    "\0",
    "9" * 300,
    -1,
    1,
    1.5,
    10**30,
    True,
    [],
    ["x"] * 300,
    [[]],
    {},
    {"x": 1},
    [{"x": 1}],
)
OF_THE_PROGRAM = re.compile(
    r"(?i:value error|assertion|pydantic|https?:|instance of|dictionary|extract|function|\^|\\|\[|\]|extra inputs)"
    r"|[A-Z][a-z]+(In|Out|Filter|Command|Frame)\b|(?i:tagged|union|constrained|\btag\b)"
)
NAME = re.compile(r"^(/([a-z][a-z0-9_.]*|\d+))*$")


def shapes(of: type[Request] = Request) -> Iterator[type[Request]]:
    for shape in of.__subclasses__():
        if shape.__module__.startswith("backend."):
            yield shape
            yield from shapes(shape)


def complaints(shape: type[Request], body: Any) -> list[dict[str, str]]:
    try:
        shape.model_validate_json(json.dumps(body))
    except pydantic.ValidationError as error:
        return invalid(error).errors
    return []


def bodies(shape: type[Request]) -> Iterator[Any]:
    yield from (*GARBAGE, {"a_field_that_is_none": 1})
    for name in shape.model_fields:
        for value in GARBAGE:
            yield {name: value}
            yield {name: [value]}
            yield {name: {"lon": value, "datum": value, "weekday": value, "id": value}}


@pytest.mark.parametrize("shape", sorted(set(shapes()), key=str))
def test_what_is_wrong_with_a_body_is_said_without_words_of_the_program(shape: type[Request]) -> None:
    said = [one for body in bodies(shape) for one in complaints(shape, body)]

    assert said or not shape.model_fields
    assert [one for one in said if OF_THE_PROGRAM.search(one["detail"])] == []
    assert [one["pointer"] for one in said if not NAME.match(one["pointer"])] == []


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "hello", "id": 1, "cursors": {"unit.1": -1}},
        {"type": "hello", "id": 1, "cursors": []},
        {"type": "hello", "id": 1, "client": "app"},
        {"type": "receipt", "delivered": {"unit.1": "x"}},
        {"type": "position", "n": 1, "fixes": "x"},
        {"type": "position", "n": -1, "fixes": []},
        {"type": 7, "id": 1},
        {"type": "duty.set", "id": {}},
        {"type": "duty.set", "id": 1, "key": 7, "body": []},
        {"id": 1},
        [],
        "x",
    ],
)
def test_what_is_wrong_with_a_frame_is_said_without_words_of_the_program(frame: Any) -> None:
    with pytest.raises(Refusal) as refused:
        _decode(json.dumps(frame))

    said = [refused.value.detail, *(one["detail"] for one in refused.value.errors)]
    assert [one for one in said if OF_THE_PROGRAM.search(one)] == []
    assert all(NAME.match(one["pointer"]) for one in refused.value.errors)


@pytest.mark.parametrize("text", ['{"type": "hello", "id": 1, "client": 7}', '{"type": "hullo"}', "[]", "{"])
def test_why_a_socket_is_closed_is_said_without_words_of_the_program(text: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        known_frames().validate_json(text)

    assert not OF_THE_PROGRAM.search(what_is_wrong(refused.value.errors()[0]))


def test_what_two_fields_are_wrong_in_together_names_one_of_them() -> None:
    later, sooner = "2026-03-01T12:00:00Z", "2026-03-01T11:00:00Z"
    from backend.dispatch.schemas import TaskIn
    from backend.volunteers.schemas.availability import AvailabilityIn, HoursIn, PeriodIn

    hours = {"weekday": 1, "start": "10:00", "end": "12:00"}
    period = {"from_at": sooner, "until_at": later, "available": True}
    cases: list[tuple[type[Request], Any, str, str]] = [
        (
            TaskIn,
            {"starts_at": sooner, "answer_by": later},
            "/answer_by",
            "answer_by must not be after starts_at",
        ),
        (HoursIn, {**hours, "end": "10:00"}, "/end", "end must be later than start"),
        (
            PeriodIn,
            {**period, "until_at": sooner},
            "/until_at",
            "until_at must be later than from_at, by a year at most",
        ),
        (AvailabilityIn, {"weekly": [hours, hours]}, "/weekly", "hours of the same weekday overlap"),
        (AvailabilityIn, {"periods": [period, period]}, "/periods", "periods overlap"),
    ]

    for shape, body, pointer, detail in cases:
        assert {"pointer": pointer, "detail": detail} in complaints(shape, body)
