"""Counts the bodies of requests where they come in (ASGI), and answers what Django never sees.

A body that is too large is refused before any of it is kept: 1 MB, more only at a door that says so and only for
a caller whose token was looked at. What all bodies together may take in memory is bounded as well, and so is the share
of one address.
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
"""Bytes of a body, but for the doors that take more."""
MAX_HELD, MAX_HELD_OF_ADDRESS = 64_000_000, 16_000_000
"""Bytes of large bodies that a process keeps in memory while they come and are worked on: of all, and of an address."""
FREE = 65_536
"""Bytes of each body that do not count: nearly all have fewer, and no flood of large ones keeps those out."""
IN_MEMORY: int = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
"""Bytes of one body that Django keeps in memory; a larger one is in a file."""

_View = TypeVar("_View")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Allows = Callable[[Message], Awaitable[int]]
"""Returns how large the body of a request may be, by its scope. Raises a refusal."""


def takes_bytes(most: int) -> Callable[[_View], _View]:
    """Say that a door takes bodies of up to so many bytes of signed-in callers (a decorator of views).

    What is not marked takes `MAX_BODY`. The body is counted where it comes in, before the door is asked.
    """

    def mark(door: _View) -> _View:
        door.most_bytes = most  # type: ignore[attr-defined]
        return door

    return mark


def most_bytes(view: Any) -> int:
    """Return how large a body a view takes."""
    return int(getattr(getattr(view, "view_class", view), "most_bytes", MAX_BODY))


class Held:
    """What the bodies of this process take."""

    def __init__(self) -> None:
        self.total = 0
        self.by_address: dict[str, int] = {}

    def take(self, address: str, size: int) -> None:
        """Count more. Raises Busy when it is too much."""
        of_address = self.by_address.get(address, 0) + size
        if self.total + size > MAX_HELD or of_address > MAX_HELD_OF_ADDRESS:
            raise Busy
        self.total += size
        self.by_address[address] = of_address

    def give_back(self, address: str, size: int) -> None:
        """Forget a body that is done with."""
        self.total -= size
        left = self.by_address.get(address, 0) - size
        if left > 0:
            self.by_address[address] = left
        else:
            self.by_address.pop(address, None)


held = Held()


class Body:
    """The `receive` of one request, which counts."""

    def __init__(self, scope: Message, receive: Receive, allows: Allows) -> None:
        self._scope, self._receive, self._allows = scope, receive, allows
        client = scope.get("client")
        self._address = (neighbourhood(client[0]) or client[0]) if client else ""
        self._limit = MAX_BODY
        self._asked = self._begun = False
        self._taken = self._held = 0

    async def __call__(self) -> Message:
        """Return the next message. Raises TooLarge, Busy, or why a larger body is not taken."""
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
        """Give back what the body has taken."""
        held.give_back(self._address, self._held)
        self._held = 0


def _declared(scope: Message) -> int:
    """Return the length that a request declares; 0 when it comes in chunks."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


class Answer:
    """The `send` of one request; the status goes out with the first part of the body, until then it can be another."""

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
        """Answer in the place of what would have been, and end the connection: its body may not have been read."""
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
        if status == NotSignedIn.status and not told:  # a page whose session has ended
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
    """Let an application answer a request whose body is counted; what it does not catch is answered with 500."""
    body, answer = Body(scope, receive, allows), Answer(send)
    try:
        await application(scope, body, answer)
    except Exception as error:
        if answer.begun:
            raise
        await answer.refuse(scope, error)
    finally:
        body.close()
