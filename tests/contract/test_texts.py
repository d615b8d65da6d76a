"""Every text that a client sends is bounded, and what others are shown of it cannot deceive them."""

from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any

import pydantic
import pytest
from pydantic.fields import FieldInfo

from backend.lib.shapes import Request
from backend.realtime.frames import CommandFrame, Hello, ReceiptFrame

import_module("backend.config.urls")  # imports every door, and with it every shape

AS_THEY_ARE = {
    **dict.fromkeys(("password", "current", "new"), "hashed"),
    **dict.fromkeys(
        ("refresh", "token", "trust_secret", "badge", "choice"), "compared with what the server made"
    ),
    **dict.fromkeys(("epoch", "topic", "cursors", "delivered", "seen"), "compared with names of the log"),
    **dict.fromkeys(("client", "type", "body"), "never kept; a body has a shape of its own"),
}
"""Fields that nobody is shown, and why."""
SEVERAL_LINES = {"content", "instructions", "reason"}


def shapes(of: type[Request] = Request) -> Iterator[type[pydantic.BaseModel]]:
    for shape in of.__subclasses__():
        if shape.__module__.startswith("backend."):
            yield shape
            yield from shapes(shape)


SHAPES: list[type[pydantic.BaseModel]] = [Hello, ReceiptFrame, CommandFrame, *sorted(set(shapes()), key=str)]
FIELDS = [(shape, name, field) for shape in SHAPES for name, field in shape.model_fields.items()]


def texts_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every text of a schema that is not one of a few."""
    if isinstance(schema, list):
        for part in schema:
            yield from texts_in(part)
    elif isinstance(schema, dict):
        if schema.get("type") == "string" and not {"enum", "const", "format"} & schema.keys():
            yield schema
        for name, part in schema.items():
            yield from texts_in(part if name != "examples" else None)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_text_is_bounded(shape: type[pydantic.BaseModel]) -> None:
    assert [
        text for text in texts_in(shape.model_json_schema()) if not {"maxLength", "pattern"} & set(text)
    ] == []


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u2066", "\u200f", "\0", "\x1b", "\x85", "\u2028", "\n", "\ud800"]
)
def test_no_text_is_kept_with_signs_that_deceive(sign: str) -> None:
    deceived = []
    for shape, name, field in FIELDS:
        if name in AS_THEY_ARE or (sign in "\n\x85\u2028" and name in SEVERAL_LINES):
            continue
        text = f"23456{sign}7890"
        kept = [one for sent in (text, [text], {"name": text}) for one in signs(taken(field, sent))]
        deceived += [f"{shape.__name__}.{name}"] if sign in kept else []

    assert deceived == []


def taken(field: FieldInfo, sent: Any) -> Any:
    """Return what a field takes for what was sent; None when it refuses it."""
    try:
        kind: Any = Annotated[field.annotation, field]
        return pydantic.TypeAdapter(kind).validate_python(sent)
    except pydantic.ValidationError:
        return None


def signs(value: Any) -> str:
    return "".join(map(signs, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def test_what_is_told_why_a_text_is_refused() -> None:
    from backend.dispatch.schemas import TaskIn

    with pytest.raises(pydantic.ValidationError) as refused:
        TaskIn.model_validate({"title": "Search\nthe river", "instructions": "a\x00b"})

    said = {error["loc"][0]: error["msg"] for error in refused.value.errors()}
    assert said["title"] == "must not hold line breaks or control characters"
    assert said["instructions"] == "must not hold control characters"
