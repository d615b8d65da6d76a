"""Bodies are counted as they come: what is too large is refused before it is kept, and what is too much at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backend.lib import bodies
from backend.lib.bodies import MAX_BODY, Held, serve, takes_bytes
from backend.lib.content_policy import NOTHING
from backend.lib.errors import NotSignedIn

PART = 250_000


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held()
    monkeypatch.setattr(bodies, "held", held)
    return held


class Request:
    """A request of some parts, and what came of it."""

    def __init__(
        self,
        *parts: bytes,
        path: str = "/api/v1/sign-in",
        client: str = "192.0.2.7",
        length: int | None = None,
    ):
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        self.scope = {"type": "http", "path": path, "headers": headers, "client": (client, 1)}
        self._parts: Iterator[bytes] = iter(parts)
        self.read = 0
        self.sent: list[dict[str, Any]] = []
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        part = next(self._parts, None)
        self.read += len(part or b"")
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def allows(self, _: Any) -> int:
        self.asked += 1
        return MAX_BODY

    async def serve(self, application: Any = None) -> "Request":
        await serve(application or reads_all, self.scope, self.receive, self.send, self.allows)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def problem(self) -> dict[str, Any]:
        assert (b"content-type", b"application/problem+json") in self.sent[0]["headers"]
        return dict(json.loads(self.sent[1]["body"]))


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


async def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    request = await Request(b"x" * PART, length=MAX_BODY + 1).serve()

    assert (request.status, request.read, request.problem["type"]) == (413, 0, "/problems/too-large")
    told = dict(request.sent[0]["headers"])
    assert (told[b"connection"], told[b"x-content-type-options"]) == (b"close", b"nosniff")
    assert told[b"content-security-policy"] == NOTHING.encode()


async def test_a_body_that_does_not_say_is_refused_where_it_gets_too_large(held: Held) -> None:
    request = await Request(*[b"x" * PART] * 100).serve()

    assert (request.status, request.read) == (413, MAX_BODY + PART)
    assert (held.total, held.by_address) == (0, {})


async def test_a_length_that_lies_changes_nothing() -> None:
    request = await Request(*[b"x" * PART] * 100, length=10).serve()

    assert (request.status, request.read) == (413, MAX_BODY + PART)


async def test_a_body_of_the_largest_size_is_taken() -> None:
    request = await Request(*[b"x" * PART] * (MAX_BODY // PART), length=MAX_BODY).serve()

    assert (request.status, request.asked) == (200, 0)


async def test_a_door_that_takes_more_is_asked_once_and_may_refuse_whoever_comes() -> None:
    request = Request(*[b"x" * PART] * 40)
    request.allows = lambda _: allowed(request, 10_000_000)
    assert (await request.serve()).status == 200
    assert request.asked == 1

    stranger = Request(*[b"x" * PART] * 40, length=10_000_000)
    stranger.allows = lambda _: refused()
    await stranger.serve()
    assert (stranger.status, stranger.read, stranger.problem["type"]) == (401, 0, "/problems/not-signed-in")

    page = Request(length=10_000_000, path="/imports/")
    page.allows = lambda _: refused()
    await page.serve()
    assert page.status == 303
    assert (b"location", b"/sign-in/") in page.sent[0]["headers"]


async def allowed(request: Request, most: int) -> int:
    request.asked += 1
    return most


async def refused() -> int:
    raise NotSignedIn


async def test_what_all_bodies_take_is_bounded_and_so_is_the_share_of_an_address(
    monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    monkeypatch.setattr(bodies, "MAX_HELD", 9 * PART)
    monkeypatch.setattr(bodies, "MAX_HELD_OF_ADDRESS", 5 * PART)
    statuses: dict[str, int] = {}

    async def meanwhile(scope: Any, receive: Any, send: Any) -> None:
        """Hold a body while others come."""
        for _ in range(4):
            await receive()
        for name, client in (("same", "2001:db8::2"), ("other", "192.0.2.8"), ("third", "192.0.2.9")):
            statuses[name] = (await Request(*[b"x" * PART] * 3, client=client).serve()).status
        statuses["small"] = (await Request(b"x" * bodies.FREE, client="2001:db8::3").serve()).status
        await reads_all(scope, receive, send)

    request = await Request(*[b"x" * PART] * 4, client="2001:db8::1").serve(meanwhile)

    assert statuses == {"same": 503, "other": 200, "third": 200, "small": 200}
    assert (request.status, held.total, held.by_address) == (200, 0, {})
    monkeypatch.setattr(bodies, "MAX_HELD", PART)
    busy = await Request(*[b"x" * PART] * 3).serve()
    assert (busy.status, busy.problem["type"]) == (503, "/problems/busy")
    assert dict(busy.sent[0]["headers"])[b"retry-after"].isdigit()
    assert held.total == 0


@pytest.mark.parametrize("when", ["at once", "after the status", "after reading"])
@pytest.mark.parametrize("error", [RuntimeError("x"), Warning("x"), RecursionError()])
async def test_what_escapes_before_the_answer_began_is_answered_with_500(error: Exception, when: str) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if when == "after reading":
            await receive()
        if when == "after the status":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    request = await Request(b"{}").serve(application)

    assert (request.status, request.problem["type"]) == (500, "/problems/internal")
    assert "x" not in request.problem["detail"].split()
    assert [message["type"] for message in request.sent] == ["http.response.start", "http.response.body"]


async def test_what_escapes_later_is_for_the_server_to_see() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("x")

    with pytest.raises(RuntimeError):
        await Request(b"").serve(application)


def test_a_view_says_how_much_it_takes() -> None:
    @takes_bytes(7)
    class View:
        pass

    @takes_bytes(8)
    def page() -> None:
        pass

    def view() -> None:
        pass

    view.view_class = View  # type: ignore[attr-defined]
    assert [bodies.most_bytes(one) for one in (view, page, print)] == [7, 8, MAX_BODY]
