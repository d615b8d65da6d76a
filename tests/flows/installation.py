"""One real server process with a squadron, and a bystander whose phone must notice nothing."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any

from uuid6 import uuid7
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from simulator.processes import ROOT, Server, free_port, read_procfile
from tests.prepared import SECRET_KEY, with_force

WITHIN_S = 2.0
"""A pong or an event takes no longer than a second; the other one is for a machine that does other things as well."""
ANSWER_S = 10.0
PACE_S = 0.5
"""A person acts twice a second for ever, and more often only for a while."""


@dataclass(frozen=True)
class Answer:
    """What a request was answered; `kind` is the media type."""

    status: int
    kind: str
    text: str

    @property
    def is_problem(self) -> bool:
        """Tell whether it is a refusal as the documents describe it."""
        return 400 <= self.status < 500 and self.kind == "application/problem+json"


@dataclass
class Installation:
    """A process of the Procfile on a database of its own. `force` names its people."""

    server: Server
    force: Mapping[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def run(cls, process: str, database_url: str, folder: Path, **settings: str) -> Iterator["Installation"]:
        """Start `web` or `sockets` as the Procfile does, with the clock inside and without Redis."""
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "SECRET_KEY": SECRET_KEY,
            "CLOCK_INSIDE": "true",
            "DEBUG": "false",
            **settings,
        }
        force = with_force(database_url)
        with started(process, environment, folder) as server:
            installation = cls(server, force)
            for name in ("NUMBER", "OTHER_NUMBER", "LEADER"):
                installation.tokens[name] = installation.sign_in(force[name])
            yield installation

    @contextmanager
    def beside(self, process: str, folder: Path) -> Iterator["Installation"]:
        """Start another process on the same database; its people are signed in already."""
        with started(process, self.server.environment, folder) as server:
            yield replace(self, server=server)

    def sign_in(self, number: str) -> str:
        """Return an access token of a new device."""
        body = {
            "identifier": number,
            "password": self.force["PASSWORD"],
            "device": {"id": str(uuid7()), "platform": "other"},
        }
        answer = self.request("POST", "/api/v1/sign-in", body)
        assert answer.status == 200, answer
        return str(json.loads(answer.text)["access"])

    def request(
        self,
        method: str,
        path: str,
        body: Any = b"",
        headers: Mapping[str, str] | None = None,
        *,
        by: str = "",
    ) -> Answer:
        """Send one request on a connection of its own; `body` that is not bytes goes as JSON."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})}
        if by:
            given.setdefault("Authorization", f"Bearer {self.tokens[by]}")
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request(method, path, sent, given)
            response = connection.getresponse()
            return Answer(
                response.status, response.headers.get_content_type(), response.read().decode(errors="replace")
            )
        except (OSError, HTTPException) as error:
            return Answer(0, type(error).__name__, str(error))
        finally:
            connection.close()

    def phone(self, by: str = "NUMBER", *, hello: bool = True) -> "Phone":
        """Return a phone whose socket is open."""
        phone = Phone(self.server.ws, {"Authorization": f"Bearer {self.tokens[by]}"})
        if hello:
            phone.hello()
        return phone

    def memory_mb(self) -> float:
        """Return how much memory the process holds now."""
        return memory_mb(self.server)

    def complaints(self) -> list[str]:
        """Return what the server logged as an error nobody foresaw."""
        assert self.server.log is not None
        lines = self.server.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "unforeseen error" in line or "Exception in ASGI" in line]


@contextmanager
def started(process: str, environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Start a process of the Procfile, which writes to a log of its own; end it afterwards."""
    server = Server(process, read_procfile()[process], free_port(), environment, folder / f"{process}.log")
    server.start()
    try:
        server.wait_until_healthy(60)
        yield server
    finally:
        server.kill()


def memory_mb(server: Server) -> float:
    """Return how many megabytes a process holds now."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def run_python(environment: Mapping[str, str], *arguments: str) -> bytes:
    """Run a program in the environment of a server, and return what it prints."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


class Phone:
    """A socket that sends what it likes and tells what came of it."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        subprotocols: tuple[str, ...] = ("muster.v1",),
    ) -> None:
        self._opened = ExitStack()
        self.socket: ClientConnection = self._opened.enter_context(
            connect(
                url,
                additional_headers=dict(headers or {}),
                subprotocols=[Subprotocol(name) for name in subprotocols],
                compression=None,
                open_timeout=ANSWER_S,
                close_timeout=1,
                ping_interval=None,
                proxy=None,
            )
        )

    def __enter__(self) -> "Phone":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._opened.close()

    def hello(self) -> dict[str, Any]:
        """Say hello and return the answer, or {"close": code}."""
        return self.ask({"type": "hello", "id": 0})

    def send(self, frame: Any) -> None:
        """Send text or bytes as they are, and anything else as JSON; a socket that is closed takes everything."""
        with suppress(ConnectionClosed):
            self.socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    def ask(self, frame: Any) -> dict[str, Any]:
        """Send a frame and return the next answer; events and how far one is are passed over; or {"close": code}."""
        self.send(frame)
        while True:
            answer = self.next()
            if "seq" not in answer and answer.get("type") not in ("heartbeat", "caught_up"):
                return answer

    def next(self, timeout_s: float = ANSWER_S) -> dict[str, Any]:
        """Return the next frame, or {"close": code}; raises TimeoutError."""
        try:
            frame: dict[str, Any] = json.loads(self.socket.recv(timeout_s))
        except ConnectionClosed:
            return {"close": self.socket.close_code}
        return frame


@dataclass
class Reached:
    """What a phone has written down: its epoch and cursors, as an app keeps them."""

    epoch: str
    cursors: dict[str, int]
    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def by(cls, welcome: dict[str, Any]) -> "Reached":
        return cls(welcome["epoch"], {name: one["head"] for name, one in welcome["topics"].items()})

    def follow(self, phone: Phone, topic: str, head: int) -> None:
        """Take what comes until the topic has got so far."""
        while self.cursors[topic] < head:
            frame = phone.next()
            assert "close" not in frame, frame
            if "seq" in frame:
                self.cursors[frame["topic"]] = frame["seq"]
                self.events.append(frame)

    def receipt(self) -> dict[str, Any]:
        return {"type": "receipt", "epoch": self.epoch, "delivered": self.cursors, "seen": self.cursors}

    def hello(self) -> dict[str, Any]:
        return {"type": "hello", "id": 1, "epoch": self.epoch, "cursors": self.cursors}


class Bystander:
    """A well-behaved phone of somebody else: pings all the time, and looks when events arrive."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._duty(False)  # saying what holds already is no event
        self.phone = installation.phone("OTHER_NUMBER")
        self.delays: dict[str, list[float]] = {"pong": [], "event": []}
        self.failed: BaseException | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Bystander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.3)
        self._stopped.set()
        self._thread.join(4 * ANSWER_S)
        self.phone.close()

    def noticed(self) -> dict[str, float]:
        """Return what took too long."""
        if self.failed is not None:
            raise self.failed
        assert all(self.delays.values())
        return {kind: max(found) for kind, found in self.delays.items() if max(found) > WITHIN_S}

    def _watch(self) -> None:
        on = True
        try:
            while not self._stopped.is_set() or not self.delays["event"]:
                self._time("pong", lambda frame: frame.get("type") == "pong", self._ping)
                self._time(
                    "event", lambda frame: frame.get("type") == "duty.changed", partial(self._duty, on)
                )
                on = not on
                time.sleep(PACE_S)
        except BaseException as error:
            self.failed = error

    def _time(self, kind: str, is_it: Any, act: Any) -> None:
        act()
        began = time.monotonic()
        while not is_it(frame := self.phone.next()):
            assert "close" not in frame, frame
        self.delays[kind].append(time.monotonic() - began)

    def _ping(self) -> None:
        self.phone.send({"type": "ping"})

    def _duty(self, on: bool) -> None:
        answer = self.installation.request("PUT", "/api/v1/me/duty", {"on": on}, by="OTHER_NUMBER")
        assert answer.status == 200, answer
