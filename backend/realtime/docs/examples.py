"""Generates one example of a shape from its JSON schema, and validates it by the shape itself."""

import re
from hashlib import sha256
from typing import Any

import pydantic

UUID_EXAMPLE = "0199a5e2-7c40-7b3a-9d51-4e1f6a2b8c90"


def uuid_of(name: str) -> str:
    """Return the UUIDv7 of a field in all examples: a task has the same one everywhere, and a key another."""
    if name == "key":
        return UUID_EXAMPLE
    digits = sha256(name.encode()).hexdigest()
    return f"0199a5e2-6{digits[:3]}-7{digits[3:6]}-9{digits[6:9]}-{digits[9:21]}"


_BY_NAME: dict[str, Any] = {
    "number": "23456781",
    "volunteer": "23456781",
    "unit": "0726040125",
    "parent": "0726040002",
    "topic": "unit.0726040125",
    "name": "王芳",
    "unit_name": "Old quarter squadron",
    "official_name": "Old quarter village committee",
    "title": "Search the riverside path",
    "instructions": "Meet at the bridge. Bring a torch.",
    "phone": "138****1234",
    "lon": 119.8921,
    "lat": 29.4512,
    "acc_m": 9.0,
    "battery": 71,
    "bbox": [119.7, 29.3, 120.1, 29.6],
    "zoom": 13.0,
    "eta_min": 12,
    "headcount": 40,
    "accepted": 12,
    "identifier": "2345 6781",
    "password": "correct horse battery staple",
    "requirements": ["first-aid"],
    "skills": ["rescue", "first-aid"],
    "token": "<access token>",
    "access": "<access token>",
    "refresh": "<refresh token>",
    "app": "example",
    "version": "1.0",
    "platform": "android",
    "server_time": "2026-03-01T12:00:00.250Z",
    "answer_by": "2026-03-01T12:30:00.000Z",
    "starts_at": "2026-03-01T13:00:00.000Z",
    "over_at": "2026-03-02T01:00:00.000Z",
    "seq": 42,
    "head": 44,
    "heartbeat_s": 25,
    "position_every_s": 30,
    "status": "called",
    "kind": "squadron",
    "role": "leader",
    "reason": "",
    "end_reason": "",
}
_UNIT = {
    "number": "0726040125",
    "kind": "squadron",
    "level": 4,
    "name": "Old quarter squadron",
    "brand_name": "",
    "parent": "0726040002",
    "lon": 119.8921,
    "lat": 29.4512,
}
_JOINED = {"head": 44, "recovered": True, "snapshot": None}
_BY_TITLE: dict[str, Any] = {
    "UnitOut": _UNIT,
    "Problem": {
        "type": "/problems/invalid",
        "title": "Invalid",
        "status": 422,
        "detail": "Some fields are missing or wrong; `errors` says which and why.",
        "errors": [{"pointer": "/fixes/0/datum", "detail": "Field required"}],
    },
    "Joined": _JOINED,
    "Progress": {
        "headcount": 40,
        "offered": 340,
        "delivered": 322,
        "seen": 251,
        "accepted": 12,
        "reserve": 0,
        "declined": 31,
        "expired": 0,
        "withdrawn": 0,
        "silent": 279,
        "not_reached": 18,
        "accepted_not_reached": 0,
    },
}
"""Shapes whose parts are only valid together."""
_BY_FORMAT = {"date-time": "2026-03-01T12:00:00.000Z", "date": "2026-03-01"}
_MAPS: dict[str, dict[str, Any]] = {
    "cursors": {"unit.0726040125": 41, "person.23456781": 7},
    "delivered": {"unit.0726040125": 44},
    "seen": {"unit.0726040125": 43},
    "heads": {"unit.0726040125": 44, "person.23456781": 7},
    "through": {"unit.0726040125": 46, "person.23456781": 7},
    "topics": {
        "unit.0726040125": _JOINED,
        "person.23456781": {"head": 7, "recovered": True, "snapshot": None},
    },
    "cells": {"862d3694fffffff": {"n": 12, "live": 10, "lon": 119.8921, "lat": 29.4512}},
}


def example_of(shape: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Return an example of a shape, as JSON; raises if the shape itself rejects it."""
    schema = shape.model_json_schema()
    made = _value(schema, schema.get("$defs", {}), "")
    return shape.model_validate(made).model_dump(mode="json")


def _value(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Any:
    if "$ref" in schema:
        return _value(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions, name)
    if schema.get("title") in _BY_TITLE:
        return _BY_TITLE[schema["title"]]
    for fixed in (*schema.get("examples", ()), schema.get("const"), schema.get("default")):
        if fixed not in ("", None, [], {}):
            return fixed
    if "enum" in schema:
        return _BY_NAME[name] if _BY_NAME.get(name) in schema["enum"] else _enum(schema["enum"])
    if options := schema.get("anyOf"):
        return _value(next(o for o in options if o.get("type") != "null"), definitions, name)
    if schema.get("type") == "object":
        return _object(schema, definitions, name)
    return _simple(schema, definitions, name)


def _enum(values: list[Any]) -> Any:
    return "accepted" if "accepted" in values else values[0]


def _object(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> dict[str, Any]:
    if "properties" in schema:
        made = {key: _value(part, definitions, key) for key, part in schema["properties"].items()}
        named = schema["properties"].get("id", {}).get("format") == "uuid"
        place = {"name": "Old quarter bridge"} if {"name", "lon"} <= made.keys() else {}
        return made | place | ({"id": uuid_of(_noun(schema))} if named else {})
    inner = schema.get("additionalProperties")
    if name in _MAPS:
        return _MAPS[name]
    return {"23456781": _value(inner, definitions, "")} if isinstance(inner, dict) else {}


def _noun(schema: dict[str, Any]) -> str:
    """Return the noun of a shape: `TaskOut` and `TaskDetail` are both of a task."""
    return re.sub(r"(Out|In|Detail|Line)$", "", schema.get("title", "")).lower()


def _simple(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Any:
    kind = schema.get("type")
    if "const" in schema:
        return schema["const"]
    if schema.get("format") == "uuid":
        return uuid_of(name)
    if schema.get("format") in _BY_FORMAT and name not in _BY_NAME:
        return _BY_FORMAT[schema["format"]]
    if name in _BY_NAME and _fits(_BY_NAME[name], kind):
        return _BY_NAME[name]
    if kind == "array":
        return [_value(schema.get("items", {}), definitions, name.removesuffix("s"))]
    return {
        "integer": max(1, schema.get("minimum", 1)),
        "number": 1.0,
        "boolean": True,
        "string": "text",
    }.get(kind or "")


def _fits(value: Any, kind: str | None) -> bool:
    python = {"string": str, "integer": int, "number": float, "array": list, "boolean": bool}.get(kind or "")
    return python is not None and isinstance(value, python)
