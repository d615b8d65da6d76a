"""Whatever body is sent to a writing route, the answer is never an error of the server's own."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.lib.shapes import Request
from backend.realtime.docs.examples import example_of
from backend.volunteers.models import Unit
from tests.contract.documented import openapi

OPENAPI = openapi()

TEXT = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(["\0", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "٣", "x" * 5_000]),
    st.uuids().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.integers(-(2**70), 2**70), st.floats(), TEXT)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


import_module("backend.config.urls")  # imports every door, and with it every shape


def _shapes(kind: type[Request] = Request) -> dict[str, type[Request]]:
    found = {kind.__name__: kind}
    for below in kind.__subclasses__():
        found |= _shapes(below)
    return found


def _writing() -> list[tuple[str, str, str]]:
    """Return (method, address, name of the shape) of every operation that takes a body.

    Those of trackers have other keys than a token: tests/tracking/test_trackers.py tries them. Pictures and rosters
    come as files: test_emblems.py and test_imports.py beside it try broken ones.
    """
    found = []
    for address, operations in OPENAPI["paths"].items():
        if "/trackers/" in address:
            continue
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                found.append((method, address, body["schema"]["$ref"].rsplit("/", 1)[-1]))
    return found


@st.composite
def bent(draw: st.DrawFn, good: Any) -> Any:
    """Draw a good body with something else somewhere in it."""
    if isinstance(good, dict) and good and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(good)))
        return {**good, name: draw(bent(good[name]))}
    if isinstance(good, list) and good and draw(st.booleans()):
        return [draw(bent(good[0])), *good[1:]]
    return draw(JSON)


@pytest.mark.parametrize(("method", "address", "shape"), _writing(), ids=str)
def test_no_body_breaks_a_route(
    method: str,
    address: str,
    shape: str,
    leader: User,
    volunteer: User,
    client_of: Callable[[User], APIClient],
) -> None:
    client = client_of(leader)
    good = example_of(_shapes()[shape.removeprefix("Patched")])
    number = Unit.objects.order_by("path").last().number  # type: ignore[union-attr]
    good |= {key: value for key, value in {"unit": number, "units": [number]}.items() if key in good}
    path = address.replace("{task_id}", str(uuid7())).replace("{purpose}", "location")
    person = f"{volunteer.volunteer.number:08d}"
    path = path.replace("volunteers/{number}", f"volunteers/{person}").replace("{person}", person)
    path = path.replace("{number}", number)

    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        derandomize=True,
        database=None,
    )
    @given(body=bent(good))
    def try_it(body: Any) -> None:
        client.raise_request_exception = False
        answer = client.generic(method.upper(), path, json.dumps(body), content_type="application/json")
        assert answer.status_code < 500, answer.content
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"

    try_it()
