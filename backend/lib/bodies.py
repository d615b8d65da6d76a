"""Bounds the bodies of requests as they arrive (ASGI), and answers requests that never reach Django.

The limit is 1 MB. A view may declare a higher one, which holds only for a caller with a valid token. A body beyond its
limit is refused before any of it is kept. The memory of all bodies together is bounded as well, and so is the share of
one address.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

from django.conf import settings
from django.shortcuts import resolve_url

from backend.lib.caching import AT_THE_EDGE
from backend.lib.errors import Busy, NotSignedIn, TooLarge
from backend.lib.problems import PROBLEM, headers_of, is_api, problem_of
from backend.lib.proxies import neighbourhood

MAX_BODY: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
"""Bytes of a body, unless its view declares more."""
MAX_HELD, MAX_HELD_OF_ADDRESS = 64_000_000, 16_000_000
"""Bytes of large bodies that a process holds in memory at once: of all addresses, and of one."""
FREE = 65_536
"""Bytes of each body that are not counted. Nearly all bodies are smaller, so a flood of large ones cannot keep them
out."""
IN_MEMORY: int = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
"""Bytes of one body that Django keeps in memory; a larger body goes to a file."""

_View = TypeVar("_View")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Allows = Callable[[Message], Awaitable[int]]
"""Returns the largest body that a request may have, by its scope. Raises a refusal."""


def takes_bytes(most: int) -> Callable[[_View], _View]:
    """Declare that a view takes bodies of up to so many bytes from signed-in callers (a decorator of views).

    Without it the limit is `MAX_BODY`. The body is counted as it arrives, before the view runs.
    """

    def mark(door: _View) -> _View:
        door.most_bytes = most  # type: ignore[attr-defined]
        return door

    return mark


def most_bytes(view: Any) -> int:
    """Return the size of the largest body that a view takes."""
    return int(getattr(getattr(view, "view_class", view), "most_bytes", MAX_BODY))


class Held:
    """The memory held by the bodies of this process."""

    def __init__(self) -> None:
        self.total = 0
        self.by_address: dict[str, int] = {}

    def take(self, address: str, size: int) -> None:
        """Count more bytes. Raises Busy when the limit is reached."""
        of_address = self.by_address.get(address, 0) + size
        if self.total + size > MAX_HELD or of_address > MAX_HELD_OF_ADDRESS:
            raise Busy
        self.total += size
        self.by_address[address] = of_address

    def give_back(self, address: str, size: int) -> None:
        """Release the bytes of a finished body."""
        self.total -= size
        left = self.by_address.get(address, 0) - size
        if left > 0:
            self.by_address[address] = left
        else:
            self.by_address.pop(address, None)


held = Held()


class Body:
    """The `receive` of one request, with a count of its bytes."""

    def __init__(self, scope: Message, receive: Receive, allows: Allows) -> None:
        self._scope, self._receive, self._allows = scope, receive, allows
        client = scope.get("client")
        self._address = (neighbourhood(client[0]) or client[0]) if client else ""
        self._limit = MAX_BODY
        self._asked = self._begun = False
        self._taken = self._held = 0

    async def __call__(self) -> Message:
        """Return the next message. Raises TooLarge, Busy, or the refusal of a larger body."""
        if not self._begun:
            self._begun = True
            await self._expect(_declared(self._scope))
        message = await self._receive()
        if message["type"] == "http.request" and (size := len(message.get("body", b""))):
            self._taken += size
            await self._expect(self._taken)
            self._hold(min(max(0, self._taken - FREE), IN_MEMORY))
        return message

    async def _expect(self, size: int) -> None:
        if size > self._limit and not self._asked:
            self._asked = True
            self._limit = await self._allows(self._scope)
        if size > self._limit:
            raise TooLarge(f"The body may have {self._limit:,} bytes.")

    def _hold(self, size: int) -> None:
        held.take(self._address, size - self._held)
        self._held = size

    def close(self) -> None:
        """Release the memory that the body held."""
        held.give_back(self._address, self._held)
        self._held = 0


def _declared(scope: Message) -> int:
    """Return the length that a request declares; 0 for a chunked request."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


class Answer:
    """The `send` of one request. The status is held back until the first part of the body, so it can still change."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self.begun = False

    async def __call__(self, message: Message) -> None:
        """Send a message of the response."""
        if message["type"] == "http.response.start" and not self.begun:
            self._start = message
            return
        if self._start is not None:
            start, self._start, self.begun = self._start, None, True
            await self._send(start)
        await self._send(message)

    async def refuse(self, scope: Message, error: Exception) -> None:
        """Answer with a problem instead, and close the connection: the body may not have been read."""
        problem = problem_of(error)
        told = is_api(scope["path"])
        content = problem.model_dump_json(exclude_none=True) if told else f"{problem.title}. {problem.detail}"
        kind = PROBLEM if told else "text/plain; charset=utf-8"
        body = content.encode()
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **AT_THE_EDGE,
            "Connection": "close",
            **headers_of(error, problem),
        }
        status = problem.status
        if status == NotSignedIn.status and not told:  # a page whose session has expired
            status, headers["Location"] = 303, resolve_url(settings.LOGIN_URL)
        self._start, self.begun = None, True
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})
        await self._send({"type": "http.response.body", "body": body})


async def serve(
    application: Callable[[Any, Any, Any], Awaitable[None]],
    scope: Message,
    receive: Receive,
    send: Send,
    allows: Allows,
) -> None:
    """Run an application with its body counted; answer 500 for an exception that it does not catch."""
    body, answer = Body(scope, receive, allows), Answer(send)
    try:
        await application(scope, body, answer)
    except Exception as error:
        if answer.begun:
            raise
        await answer.refuse(scope, error)
    finally:
        body.close()
