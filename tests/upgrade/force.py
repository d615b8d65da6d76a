"""The people of an installation, what they do, and what they see: over REST, as apps do it."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid6 import uuid7

from simulator.processes import Server
from tests.browser.server import PASSWORD, write_places, write_small_formation
from tests.builders import task_body
from tests.flows.installation import Answer, Installation
from tests.upgrade.version import Version

Json = dict[str, Any]
PEOPLE = 150
PLACES = 2
PATIENCE_S = 20.0
MOVES = {"last_seen_at", "last_stored_at"}
"""What changes without an act."""


def fill(version: Version) -> Json:
    """Make units and people with the commands of a version; returns how three of the people sign in."""
    formation = write_small_formation(version.logs)
    version.python("manage.py", "load_formation", str(formation), "--towns", str(write_places(formation)))
    options = ("--password", PASSWORD, "--people", str(PEOPLE), "--on-duty", "1")
    told: Json = json.loads(version.python("-m", "simulator.fill", *options).splitlines()[-1])
    return told


@dataclass
class Force:
    """A detachment whose leader and members act; `at` is where their apps find the servers."""

    at: Installation
    signs_in: Json
    tokens: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def sign_all_in(cls, signs_in: Json, port: int) -> "Force":
        """Sign in a commander, a leader and three of the leader's members."""
        force = cls(Installation(Server("front", "", port), {"PASSWORD": PASSWORD}), signs_in)
        for who in ("commander", "leader"):
            force.sign_in(who, signs_in[who]["number"])
        taken = {signs_in[who]["number"] for who in ("leader", "volunteer")}
        others = [line["number"] for line in force.roster() if line["number"] not in taken]
        for who, number in zip(("first", "second", "third"), others, strict=False):
            force.sign_in(who, number)
        return force

    @property
    def unit(self) -> str:
        """The number of the leader's squadron."""
        return str(self.signs_in["leader"]["unit"])

    def sign_in(self, who: str, number: str) -> None:
        """Sign a person in on a new device, and keep both tokens."""
        device = {"id": str(uuid7()), "platform": "other", "name": who}
        body = {"identifier": number, "password": PASSWORD, "device": device}
        self.keep(who, self.ok("POST", "sign-in", body))

    def renew(self, who: str) -> None:
        """Take new tokens for the refresh token."""
        self.keep(who, self.ok("POST", "token/refresh", {"refresh": self.tokens[who]["refresh"]}))

    def keep(self, who: str, tokens: Json) -> None:
        """Write down what a device was given."""
        self.tokens[who] = {**self.tokens.get(who, {}), **tokens}
        self.at.tokens[who] = tokens["access"]

    def number(self, who: str) -> str:
        """Return the number of a person that has signed in."""
        return str(self.tokens[who]["me"]["number"])

    def ask(self, method: str, path: str, body: Any = b"", *, by: str = "", key: str = "") -> Answer:
        """Send a request and return the answer, whatever it is."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.at.request(method, f"/api/v1/{path}", body, headers, by=by)

    def ok(self, method: str, path: str, body: Any = b"", *, by: str = "", key: str = "") -> Any:
        """Send a request that has to be taken, and return what it brings."""
        answer = self.ask(method, path, body, by=by, key=key)
        assert answer.status < 300, (method, path, answer)
        return json.loads(answer.text) if answer.text else {}

    # What they do

    def order(self, title: str) -> str:
        """Call the squadron out for two places; returns the task."""
        task = str(uuid7())
        self.ok("POST", "tasks", self.task_body(task, title), by="leader")
        self.ok("POST", f"tasks/{task}/call-outs", {"id": str(uuid7()), "units": [self.unit]}, by="leader")
        return task

    def task_body(self, task: str, title: str) -> Json:
        """Return a task; the same id and title give the same body."""
        noon = (datetime.now(UTC) + timedelta(days=2)).replace(hour=4, minute=0, second=0, microsecond=0)
        return task_body(self.unit, noon - timedelta(hours=2), id=task, title=title, headcount=PLACES)

    def answer(self, who: str, task: str, answer: str = "accept", *, key: str = "") -> str:
        """Answer a call-out; returns how the person stands then."""
        body = {"answer": answer, **({"reason": "ill"} if answer == "decline" else {"eta_min": 10})}
        return str(self.ok("POST", f"tasks/{task}/answer", body, by=who, key=key or str(uuid7()))["status"])

    def set_duty(self, who: str, *, on: bool) -> None:
        """Go on duty, or off it."""
        self.ok("PUT", "me/duty", {"on": on}, by=who)

    def import_people(self, count: int) -> str:
        """Bring people in from a file, and wait until they are there; returns the import."""
        batch, lines = str(uuid7()), "".join(f"新人{n},1370000{n:04d}\r\n" for n in range(count))
        body, kind = _form({"id": batch, "name": "Autumn"}, "roster.csv", f"姓名,手机\r\n{lines}".encode())
        path = f"/api/v1/units/{self.unit}/imports"
        answer = self.at.request("POST", path, body, {"Content-Type": kind}, by="leader")
        assert answer.status == 201, answer
        self._wait_for_import(batch, "checked")
        self.ok("POST", f"imports/{batch}/start", {}, by="leader")
        self._wait_for_import(batch, "imported")
        return batch

    def _wait_for_import(self, batch: str, status: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while (found := self.ok("GET", f"imports/{batch}", by="leader"))["status"] != status:
            assert time.monotonic() < until, found
            time.sleep(0.2)

    def make_tracker(self, who: str) -> str:
        """Make a tracker; returns its secret."""
        return str(self.ok("POST", "me/trackers", {"name": "old phone", "datum": "wgs84"}, by=who)["secret"])

    def report_by_tracker(self, secret: str) -> None:
        """Report a position as OsmAnd does."""
        query = f"id={secret}&lat=29.45&lon=119.89&timestamp={time.time():.0f}"
        assert self.at.request("GET", f"/api/v1/trackers/osmand?{query}").status == 200

    def faults(self) -> list[str]:
        """Do once what people do all day; return which requests were not taken: there must be none."""
        task = str(uuid7())
        wanted = self.task_body(task, "Any day's")
        called = {"id": str(uuid7()), "units": [self.unit]}
        position = {"at": datetime.now(UTC).isoformat(), "lon": 119.89, "lat": 29.45, "datum": "wgs84"}
        requests: list[tuple[str, str, str, Any]] = [
            ("leader", "POST", "tasks", wanted),
            ("leader", "POST", f"tasks/{task}/call-outs", called),
            ("third", "POST", f"tasks/{task}/answer", {"answer": "decline", "reason": "ill"}),
            ("third", "GET", "me/inbox", b""),
            ("third", "POST", "catch-up", {"cursors": {}}),
            ("third", "POST", "positions", {"fixes": [position]}),
            ("leader", "GET", f"tasks/{task}", b""),
            ("leader", "GET", f"tasks/{task}/recipients", b""),
            ("leader", "GET", f"units/{self.unit}/roster", b""),
            ("leader", "POST", f"tasks/{task}/cancel", {"reason": "Over."}),
        ]
        answers = [
            (method, path, self.ask(method, path, body, by=who)) for who, method, path, body in requests
        ]
        return [
            f"{method} {path.replace(task, '…')}: {answer.status}"
            for method, path, answer in answers
            if not 200 <= answer.status < 300
        ]

    # What they see

    def sees(self, tasks: Iterable[str], imports: Iterable[str]) -> Json:
        """Return what the leader and the members see, by its address, without what moves by itself."""
        paths = [
            *(("leader", f"units/{self.unit}{below}") for below in ("", "/roster", "/posts")),
            *(
                ("leader", f"tasks/{task}{below}")
                for task in tasks
                for below in ("", "/recipients", "/units")
            ),
            *(("leader", f"imports/{batch}{below}") for batch in imports for below in ("", "/rows")),
            ("commander", f"units/{self.signs_in['detachment']}/children"),
            *(
                ("first", f"me{below}")
                for below in ("", "/devices", "/trackers", "/consents", "/availability")
            ),
        ]
        return {f"{who} {path}": _still(self.ok("GET", path, by=who)) for who, path in paths}

    def roster(self) -> list[Json]:
        """Return the members of the squadron, as its leader sees them."""
        found: list[Json] = self.ok("GET", f"units/{self.unit}/roster", by="leader")["items"]
        return found

    def progress(self, task: str) -> Json:
        """Return how many have answered what."""
        found: Json = self.ok("GET", f"tasks/{task}", by="leader")["progress"]
        return found


def _still(shown: Any) -> Any:
    if isinstance(shown, list):
        return [_still(each) for each in shown]
    if isinstance(shown, dict):
        return {name: _still(each) for name, each in shown.items() if name not in MOVES}
    return shown


def lost(before: Any, after: Any, at: str = "") -> list[str]:
    """Return where something is no longer as it was; what a newer version tells besides is no loss."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            each
            for name, value in before.items()
            for each in (
                lost(value, after[name], f"{at}/{name}") if name in after else [f"{at}/{name} is gone"]
            )
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            each
            for n, pair in enumerate(zip(before, after, strict=True))
            for each in lost(*pair, f"{at}/{n}")
        ]
    return [] if before == after else [f"{at} was {before!r} and is {after!r}"]


def _form(fields: Json, name: str, content: bytes) -> tuple[bytes, str]:
    """Return a form with a file, and its media type."""
    edge = uuid7().hex
    start = f"--{edge}\r\nContent-Disposition: form-data; name="
    texts = "".join(f'{start}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items())
    file = f'{start}"file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    form = (texts + file).encode() + content + f"\r\n--{edge}--\r\n".encode()
    return form, f"multipart/form-data; boundary={edge}"
