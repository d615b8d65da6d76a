"""The few lines that every REST view shares: parse the body, answer with a shape."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import pydantic
from django.core.files.uploadedfile import UploadedFile
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from backend.lib.errors import Invalid
from backend.lib.problems import MAX_NAMED, invalid, pointer_to, refuse_nul, refuse_twice
from backend.lib.shapes import Request, read_json

Body = TypeVar("Body", bound=Request)


def parse(shape: type[Body], request: HttpRequest) -> Body:
    """Return the body as `shape`, or raise Malformed or Invalid naming each wrong field."""
    try:
        body = read_json(shape, request.body)
    except pydantic.ValidationError as error:
        raise invalid(error) from error
    refuse_nul(request.body)
    refuse_twice(request.body)
    return body


def parse_or_default(shape: type[Body], request: HttpRequest) -> Body:
    """Return the body as `shape`, as `parse` does; without a body, `shape` with all its defaults."""
    return parse(shape, request) if request.body else shape()


def parse_form(shape: type[Body], request: HttpRequest, *, file: str) -> tuple[Body, "UploadedFile[Any]"]:
    """Return a form as `shape`, with its file, or raise Invalid naming each wrong field."""
    form: Any = request.data
    _require_once({name: len(given) for name, given in form.lists()})
    fields, sent = {name: value for name, value in form.items() if name != file}, form.get(file)
    try:
        body = shape.model_validate(fields)
    except pydantic.ValidationError as error:
        raise invalid(error) from error
    if not isinstance(sent, UploadedFile):
        raise Invalid(
            errors=[{"pointer": f"/{file}", "detail": "must be a file" if sent else "Field required"}]
        )
    return body, sent


def _require_once(times: Mapping[str, int]) -> None:
    twice = (name for name, count in times.items() if count > 1)
    if wrong := [
        {"pointer": pointer_to(name), "detail": "was given twice"} for name in islice(twice, MAX_NAMED)
    ]:
        raise Invalid(errors=wrong)


def parse_query(shape: type[Body], request: HttpRequest) -> Body:
    """Return the query string as `shape`, or raise Invalid naming each wrong parameter."""
    try:
        return shape.model_validate(request.query_params.dict())
    except pydantic.ValidationError as error:
        raise invalid(error) from error


def answer(
    result: pydantic.BaseModel | Sequence[pydantic.BaseModel] | None, *, status: int = 200
) -> Response:
    """Return a shape, or a list of shapes, as the response; None is 204."""
    if result is None:
        return Response(status=204)
    if isinstance(result, pydantic.BaseModel):
        return Response(result.model_dump(mode="json"), status=status)
    return Response([item.model_dump(mode="json") for item in result], status=status)
