"""Streams long answers in parts: neither the process nor the event loop holds more than one part."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse


def streamed(
    request: HttpRequest, parts: Iterator[bytes], *, content_type: str, name: str
) -> StreamingHttpResponse:
    """Return the parts as a file download. Under ASGI a thread makes each part and then gives its connection back.

    Django itself would collect all parts of a plain iterator before it sends the first one.
    """
    content = _in_threads(parts) if isinstance(request, ASGIRequest) else parts
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (part := await asyncio.to_thread(_next, parts)) is not None:
        yield part


def _next(parts: Iterator[bytes]) -> bytes | None:
    try:
        return next(parts, None)
    finally:
        connections.close_all()
