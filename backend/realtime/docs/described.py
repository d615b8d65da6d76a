"""The schemas of events and snapshots for both documents: `oneOf` by the type and by the kind of the topic."""

from typing import Any

import pydantic

from backend.realtime.events import EVENTS, Event
from backend.realtime.registry import registry

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"


def schema_of(shape: Any, schemas: Json) -> Json:
    """Return the JSON schema of a shape as the server sends it; schemas that it refers to are added to `schemas`."""
    schema = pydantic.TypeAdapter(shape).json_schema(ref_template=REFERENCE, mode="serialization")
    schemas.update(schema.pop("$defs", {}))
    if not (isinstance(shape, type) and issubclass(shape, pydantic.BaseModel)):
        return schema
    schemas[shape.__name__] = schema
    return {"$ref": REFERENCE.format(model=shape.__name__)}


def declared_events() -> list[tuple[str, type[Event]]]:
    """Return the events of the product by their type."""
    return [(type, one) for type, one in sorted(EVENTS.items()) if one.__module__.startswith("backend.")]


def event_frame(type: str, event: type[Event], schemas: Json) -> Json:
    """Return the schema of the frame that carries an event."""
    return {
        "type": "object",
        "required": ["topic", "seq", "type", "at", "data"],
        "properties": {
            "topic": {"type": "string", "pattern": f"^({'|'.join(event.topic_kinds)})\\."},
            "seq": {"type": "integer"},
            "type": {"type": "string", "const": type},
            "at": {"type": "string", "format": "date-time"},
            "data": schema_of(event, schemas),
        },
    }


def describe_snapshots(schemas: Json) -> None:
    """Describe the content of `snapshot` in every shape that has one: the parts of one kind of topic."""
    found = []
    for kind, parts in sorted(registry.snapshots.items()):
        name = f"{kind.title()}Snapshot"
        schemas[name] = {
            "title": name,
            "description": f"The snapshot of a topic `{kind}.…`.",
            "type": "object",
            "required": sorted(part for part, one in parts.items() if not one.within),
            "properties": {part: schema_of(one.shape, schemas) for part, one in parts.items()},
        }
        found.append({"$ref": REFERENCE.format(model=name)})
    for schema in list(schemas.values()):
        properties = schema.get("properties", {})
        if "snapshot" in properties:
            null = [] if schema["title"] == "TopicJoined" else [{"type": "null"}]
            properties["snapshot"] = {"title": "Snapshot", "anyOf": [*found, *null]}


def describe_events(result: Json, **_: Any) -> Json:
    """Describe events and snapshots in the OpenAPI document (a hook of drf-spectacular)."""
    schemas = result["components"]["schemas"]
    mapping = {}
    for type, event in declared_events():
        name = f"{event.__name__}Frame"
        schemas[name] = {"title": name, "description": event.__doc__, **event_frame(type, event, schemas)}
        mapping[type] = REFERENCE.format(model=name)
    described = schemas.get("EventFrame", {}).get("description", "")
    schemas["EventFrame"] = {
        "title": "EventFrame",
        "description": f"{described} Ignore types that you do not know.",
        "oneOf": [{"$ref": one} for one in mapping.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    describe_snapshots(schemas)
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result
