"""A parameter that a door does not know is refused, and nothing is done: what it asks for would not be obeyed."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve
from rest_framework.parsers import MultiPartParser
from uuid6 import uuid7

from backend.config.urls import v1
from backend.lib.shapes import names_of_given
from backend.realtime import views
from tests.contract.acts import TRACKERS, V1, Act
from tests.contract.documented import openapi
from tests.contract.doors import World, everything, rest_clients
from tests.contract.table import ACTS

OURS = [door for door in ACTS if door.address.startswith(V1) and door.address not in TRACKERS]
"""All but those for the apps of others, which send what they like."""


@pytest.mark.parametrize("query", ["dry_run=true", "dry_run", "x=1&y=2", "%00=1&after%20=1"])
def test_no_act_is_done_with_a_parameter_that_does_not_exist(world: World, query: str) -> None:
    client = rest_clients(world, "leader")["leader"]
    acts = [_prepared(door, world) for door in OURS if door.method != "GET"]
    before = everything()

    for door in acts:
        answer = door.send(client, f"{door.path(world)}?{query}", world, "leader")
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid"), str(door)
        assert {error["detail"] for error in answer.json()["errors"]} == {"there is no such parameter"}

    assert everything() == before


def test_nothing_is_read_with_a_parameter_that_does_not_exist(world: World) -> None:
    client = rest_clients(world, "leader")["leader"]

    for door in OURS:
        if door.method != "GET":
            continue
        query = "&".join(filter(None, (door.query(world, "leader"), "only_open=true")))
        answer = client.get(f"{door.path(world)}?{query}")
        assert answer.status_code == 422, str(door)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/only_open"], str(door)


def test_a_call_out_that_was_to_be_rehearsed_asks_nobody(world: World) -> None:
    client = rest_clients(world, "leader")["leader"]
    (door,) = [one for one in OURS if one.address.endswith("/call-outs")]
    before = everything()

    refused = door.send(client, f"{door.path(world)}?dry_run=true", world, "leader")

    assert refused.json()["errors"] == [{"pointer": "/dry_run", "detail": "there is no such parameter"}]
    assert everything() == before
    assert door.send(client, door.path(world), world, "leader").status_code == 201


def test_a_parameter_is_given_once(world: World) -> None:
    client = rest_clients(world, "leader")["leader"]

    answer = client.get("/api/v1/tasks?status=called&status=draft")

    assert answer.json()["errors"] == [{"pointer": "/status", "detail": "was given twice"}]


@pytest.mark.parametrize(
    ("further", "wrong"),
    [
        ({"dry_run": "true", "x/y": "1"}, {"/dry_run", "/x~1y"}),
        ({"id": [str(uuid7()), str(uuid7())]}, {"/id"}),
        ({"file": [SimpleUploadedFile("a.csv", b"a"), SimpleUploadedFile("b.csv", b"b")]}, {"/file"}),
        ({"file": "no file"}, {"/file"}),
    ],
)
def test_no_form_is_taken_with_a_field_that_does_not_exist_or_is_given_twice(
    world: World, further: dict[str, Any], wrong: set[str]
) -> None:
    client = rest_clients(world, "leader")["leader"]
    forms = [door for door in ACTS if door.form]
    before = everything()

    for door in forms:
        answer = client.post(door.path(world), door.body(world, "leader") | further, format="multipart")
        assert {error["pointer"] for error in answer.json()["errors"]} == wrong

    takes_forms = [
        one for one in v1 if MultiPartParser in getattr(one.callback, "cls", views.View).parser_classes
    ]
    assert len(forms) == len(takes_forms)
    assert everything() == before


@pytest.mark.parametrize(
    ("method", "address", "body", "wrong"),
    [
        ("PUT", "me/duty", '{"on": true, "on": false}', ["/on"]),
        (
            "POST",
            "catch-up",
            '{"cursors": {"a/b": 1, "a/b": 2, "c": 1, "c": 1}}',
            ["/cursors/a~1b", "/cursors/c"],
        ),
    ],
)
def test_of_two_members_of_one_name_none_is_chosen(
    world: World, method: str, address: str, body: str, wrong: list[str]
) -> None:
    client, before = rest_clients(world, "leader")["leader"], everything()

    answer = client.generic(method, f"/{V1}{address}", body, content_type="application/json")

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, wrong)
    assert everything() == before


def test_files_of_the_pages_are_served_whole() -> None:
    whole = Client().get("/static/admin/css/base.css")
    part = Client().get("/static/admin/css/base.css", headers={"Range": "bytes=0-0"})

    assert (whole.status_code, part.status_code, part["Content-Length"]) == (
        200,
        200,
        whole["Content-Length"],
    )
    assert b"".join(part) == b"".join(whole)


EPOCH = {"Muster-Epoch": "0" * 32}


def test_no_act_that_names_something_by_its_number_is_done_in_another_epoch(world: World) -> None:
    """In the address or in the body: after a restore the number may be another's."""
    client, before, refused = rest_clients(world, "leader")["leader"], everything(), []
    for door in OURS:
        in_address = {kind for kind in re.findall("<(.+?)>", door.address) if not kind.startswith("uuid:")}
        body = None if door.method == "GET" or door.form else door.body(world, "leader")
        in_body = names_of_given() & set(body or ())
        if door.method == "GET" or door.form or not (in_body or in_address - {"str:purpose"}):
            continue
        before = everything() if body else before  # making it may make what it speaks of
        type = "image/png" if door.address.endswith("/emblem") else "application/json"
        answer = client.generic(door.method, door.path(world), json.dumps(body), type, headers=EPOCH)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/epoch-over"), str(door)
        refused.append(door.address)

    assert {f"{V1}transfers", f"{V1}units", f"{V1}tasks", f"{V1}tasks/<uuid:task_id>/call-outs"} <= {*refused}
    assert everything() == before


def test_numbers_that_the_server_gives_are_marked_in_every_shape() -> None:
    assert names_of_given() == {
        *("people", "trainer"),
        *("unit", "units", "parent", "successor", "from_unit", "to_unit"),
        *("volunteer", "members", "number", "duplicate", "acting_for", "deputy"),
    }


def test_ids_in_addresses_are_the_same_in_capitals() -> None:
    id = uuid7()
    addresses = [f"/{door.address}" for door in OURS if "<uuid:" in door.address]

    for address in addresses:
        counted = re.sub("<int:[^>]+>", "7", address)
        small, large = (re.sub("<[^>]+>", written, counted) for written in (str(id), str(id).upper()))
        first, second = resolve(small), resolve(large)
        assert first.func == second.func
        assert id in second.kwargs.values()

    assert len(addresses) > 20


def test_who_calls_is_asked_before_the_parameters(world: World) -> None:
    assert rest_clients(world, "leader")["nobody"].put("/api/v1/me/duty?x=1").status_code == 401


def test_doors_take_the_parameters_that_the_document_names() -> None:
    document = openapi()
    named: dict[str, dict[str, set[str]]] = {}
    for address, operations in document["paths"].items():
        named[address.removeprefix("/api/v1/")] = {
            method: {one["name"] for one in operation.get("parameters", ()) if one.get("in") == "query"}
            for method, operation in operations.items()
        }
    taken: dict[str, dict[str, set[str]]] = {}
    for route in v1:
        door: Any = getattr(route.callback, "cls", None)
        if door is None or not issubclass(door, views.View):
            continue
        address = _as_documented(str(route.pattern))
        methods = {method for method in ("get", "post", "put", "patch", "delete") if hasattr(door, method)}
        taken[address] = {method: set(door.parameters.get(method, ())) for method in methods}

    assert len(taken) > 60
    assert {address: named.get(address) for address in taken} == taken


def _prepared(door: Act, world: World) -> Act:
    """Return a door of the table whose body has been made: making it may make what it speaks of."""
    body = door.body(world, "leader")
    return replace(door, body=lambda _world, _caller: body)


def _as_documented(pattern: str) -> str:
    """Return `tasks/{task_id}` of `tasks/<uuid:task_id>`."""
    parts = [
        part.partition(":")[2].rstrip(">").join("{}") if part[:1] == "<" else part
        for part in pattern.split("/")
    ]
    return "/".join(parts)
