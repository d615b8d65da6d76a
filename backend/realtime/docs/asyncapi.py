"""Builds the AsyncAPI 3 document of the socket from the registered classes."""

import inspect
from collections.abc import Iterator
from typing import Any

import pydantic

from backend.realtime.docs.described import declared_events, describe_snapshots, event_frame, schema_of
from backend.realtime.docs.examples import UUID_EXAMPLE, example_of, uuid_of
from backend.realtime.events import Event
from backend.realtime.frames import (
    CaughtUpTo,
    Heartbeat,
    Pong,
    ProblemReply,
    ReceiptUnknown,
    Reply,
    Restarting,
    TopicJoined,
    TopicRevoked,
    frames_of_phones,
)
from backend.realtime.registry import Tally, registry
from backend.realtime.socket.commands import BUILT_IN

Json = dict[str, Any]
Frames = tuple[type[pydantic.BaseModel], ...]


def _sent_by_server() -> Frames:
    """Return the frames that the server sends besides replies, counts and events."""
    answers = (kind.answer for kind in registry.frames.values())
    own = (CaughtUpTo, Heartbeat, Pong, Restarting, ReceiptUnknown, TopicJoined, TopicRevoked)
    return (*answers, *own, *registry.sent, ProblemReply)


def document() -> Json:
    """Return the whole document, ready for YAML."""
    schemas: Json = {}
    messages = {name: message for name, _, message in _messages(schemas)}
    describe_snapshots(schemas)
    directions = {name: direction for name, direction, _ in _messages({})}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Muster socket",
            "version": "1",
            "description": "JSON text frames on one WebSocket. Start with connecting.md; frames.md tells the rules.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/ws/v1/",
                "description": "Subprotocol `muster.v1`; sign in as connecting.md says.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": {
            "phoneSends": _operation("receive", directions, "phone"),
            "serverSends": _operation("send", directions, "server"),
        },
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def examples() -> dict[str, Json]:
    """Return an example of every frame by its message name."""
    return {name: message["examples"][0]["payload"] for name, _, message in _messages({})}


def _operation(action: str, directions: dict[str, str], who: str) -> Json:
    chosen = [name for name, direction in directions.items() if direction == who]
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{name}"} for name in chosen],
    }


def _messages(schemas: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield (name, sender, message) for every frame, and collect the schemas that they refer to."""
    for frame in frames_of_phones():
        name = str(frame.model_fields["type"].default)
        yield name, "phone", _message(frame, schema_of(frame, schemas), example_of(frame))
    for type, body, result, text in _commands():
        yield type, "phone", _command(type, body, text, schemas, keyed=type in registry.commands)
        yield f"{type}.reply", "server", _reply(type, result, schemas, keyed=type in registry.commands)
    if registry.hello_answer is not None:
        yield "hello.reply", "server", _reply("hello", registry.hello_answer.shape, schemas)
    for frame in _sent_by_server():
        default = frame.model_fields["type"].default if "type" in frame.model_fields else "problem"
        yield str(default), "server", _message(frame, schema_of(frame, schemas), example_of(frame))
    for kind, tally in sorted(registry.tallies.items()):
        yield tally.type, "server", _tally(kind, tally, schemas)
    for type, event in declared_events():
        yield type, "server", _event(type, event, schemas)


def _commands() -> Iterator[tuple[str, type[pydantic.BaseModel], type[pydantic.BaseModel] | None, str]]:
    for type, built_in in BUILT_IN.items():
        yield type, built_in.body, built_in.result, inspect.getdoc(built_in.run) or ""
    for type, of_an_app in registry.socket_commands.items():
        yield type, of_an_app.body, of_an_app.result, inspect.getdoc(of_an_app.run) or ""
    for type, command in sorted(registry.commands.items()):
        yield type, command.body, command.result, inspect.getdoc(command.run) or ""


def _message(shape: type[pydantic.BaseModel], payload: Json, example: Json, *, text: str = "") -> Json:
    described = text or inspect.getdoc(shape) or ""
    return {
        "summary": described.split("\n")[0],
        "description": described,
        "payload": payload,
        "examples": [{"payload": example}],
    }


def _command(type: str, body: type[pydantic.BaseModel], text: str, schemas: Json, *, keyed: bool) -> Json:
    """Describe a command; a command that changes the database (`keyed`) carries a key."""
    key = {"type": "string", "format": "uuid", "description": "UUIDv7 of yours; the same again for a retry."}
    payload = {
        "type": "object",
        "required": ["id", "type", *(["key"] if keyed else []), "body"],
        "properties": {
            "id": {"type": "integer", "description": "Yours; the reply names it."},
            "type": {"const": type},
            **({"key": key} if keyed else {}),
            "body": schema_of(body, schemas),
        },
    }
    example = {"id": 2, "type": type, **({"key": UUID_EXAMPLE} if keyed else {}), "body": example_of(body)}
    return _message(body, payload, example, text=text)


def _reply(type: str, result: type[pydantic.BaseModel] | None, schemas: Json, *, keyed: bool = False) -> Json:
    shape = schema_of(result, schemas) if result else {"type": "object"}
    replayed = {
        "const": True,
        "description": "The key had done it before: the result is how things stand now.",
    }
    payload = {
        "type": "object",
        "required": ["reply", "result"],
        "properties": {
            "reply": {"type": "integer"},
            "result": shape,
            **({"replayed": replayed} if keyed else {}),
        },
    }
    example = {"reply": 1 if type == "hello" else 2, "result": example_of(result) if result else {"ok": True}}
    return _message(Reply, payload, example, text=f"The reply to `{type}`; a refusal is a `problem` instead.")


def _tally(kind: str, tally: Tally, schemas: Json) -> Json:
    payload = {
        "type": "object",
        "required": ["topic", "type", "data"],
        "properties": {
            "topic": {"type": "string", "pattern": f"^{kind}\\."},
            "type": {"type": "string", "const": tally.type},
            "data": schema_of(tally.shape, schemas),
        },
    }
    example = {"topic": f"{kind}.{uuid_of(kind)}", "type": tally.type, "data": example_of(tally.shape)}
    return _message(tally.shape, payload, example, text=inspect.getdoc(tally.read) or "")


def _event(type: str, event: type[Event], schemas: Json) -> Json:
    kinds = event.topic_kinds
    topic = {"unit": "unit.0726040125", "person": "person.23456781"}.get(
        kinds[0], f"{kinds[0]}.{UUID_EXAMPLE}"
    )
    example = {
        "topic": topic, "seq": 42, "type": type, "at": "2026-03-01T12:00:00.000Z", "data": example_of(event)
    }  # fmt: skip
    return _message(event, event_frame(type, event, schemas), example)
