"""What must hold for every phone at every moment, whatever is tried: each check reads the whole trace."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from simulator.conformance.known import Known
from simulator.conformance.trace import Answered, Asked, Frame, Seen, Sent, Told, Wished
from simulator.conformance.verdict import Fault

Check = Callable[[Sequence[Seen]], Iterator[Fault]]

LONGEST_FRAME = 65_536
ACTS = {"assignment.answer", "duty.set"}
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
ANSWER_DOOR = re.compile(r"^/api/v1/tasks/([^/]+)/answer$")
TOKENS = "connecting.md#opening-the-socket"
HELLO = "connecting.md#hello"
KEYS = "offline.md#acts-happen-once"
COMMANDS = "frames.md#commands-and-keys"
CURSORS = "frames.md#numbers-cursors-snapshots"
RECEIPTS = "offline.md#receipts"
RENEWAL = "connecting.md#renewing-tokens"
SIGN_IN = "connecting.md#signing-in"


def no_token_in_an_address(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find tokens in addresses, which are logged on the way."""
    tokens: set[str] = set()
    for entry in trace:
        if isinstance(entry, Answered) and isinstance(entry.body, dict):
            tokens |= {str(entry.body[name]) for name in ("access", "refresh") if entry.body.get(name)}
        if isinstance(entry, Asked) and (
            JWT.search(entry.target) or any(token in entry.target for token in tokens)
        ):
            yield Fault("token-in-address", "A token stands in the address.", TOKENS, entry)


def version_is_asked_for(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find a socket that is opened without naming the version first."""
    for entry in trace:
        if not isinstance(entry, Asked) or not entry.opens:
            continue
        offered = [name.strip() for name in entry.headers.get("sec-websocket-protocol", "").split(",")]
        if offered[0] != "muster.v1":
            yield Fault(
                "subprotocol", "The first subprotocol of the socket is not `muster.v1`.", TOKENS, entry
            )


def hello_comes_first_and_once(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find a socket that does not begin with hello, or says it again."""
    greeted: set[int] = set()
    for entry in trace:
        if not isinstance(entry, Sent):
            continue
        is_hello, is_first = entry.frame.get("type") == "hello", entry.socket not in greeted
        greeted.add(entry.socket)
        if is_first and not is_hello:
            yield Fault("hello", "The first frame of a socket is not `hello`.", HELLO, entry)
        elif is_hello and not is_first:
            yield Fault("hello", "`hello` is said twice on one socket.", HELLO, entry)


def frames_are_well_made(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find frames that are no JSON object with a type, are too large, or use an id again."""
    used: set[tuple[int, Any]] = set()
    for entry in trace:
        if not isinstance(entry, Sent):
            continue
        if "type" not in entry.frame:
            yield Fault("frame", "A frame is no JSON object with a `type`.", "frames.md", entry)
        if len(entry.text.encode()) > LONGEST_FRAME:
            yield Fault("frame", "A frame has more than 65,536 bytes.", "frames.md#limits", entry)
        if (id := entry.frame.get("id")) is not None:
            if (entry.socket, id) in used:
                yield Fault("frame-id", f"The id {id} is used twice on one socket.", COMMANDS, entry)
            used.add((entry.socket, id))


def acts_keep_their_key(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find acts that change their key, by either door, and keys of two acts. A new wish is a new act."""
    keys: dict[str, str] = {}
    contents: dict[str, str] = {}
    for entry in trace:
        if isinstance(entry, Wished):
            keys.clear()
        if (act := act_of(entry)) is None:
            continue
        if not is_uuid7(act.key):
            yield Fault("key", f"The key of an act is no UUIDv7: “{act.key}”.", KEYS, entry)
            continue
        if keys.setdefault(act.name, act.key) != act.key:
            text = f"The same act is sent again with another key: {keys[act.name]} before, {act.key} now."
            yield Fault("same-key", text, KEYS, entry)
        if contents.setdefault(act.key, act.content) != act.content:
            yield Fault("one-act", f"The key {act.key} is used for two acts.", KEYS, entry)


def cursors_are_what_was_delivered(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find cursors above what has reached the phone, and below what it said was delivered."""
    known = Known()
    for entry in trace:
        for epoch, cursors in named_cursors(entry):
            yield from _cursor_faults(known, epoch, cursors, entry)
        known.take(entry)
        for delivered, _ in receipts_of(entry, known.epoch):
            for topic, seq in delivered.items():
                known.report(topic, seq)


def _cursor_faults(known: Known, epoch: str, cursors: dict[str, Any], entry: Seen) -> Iterator[Fault]:
    if not cursors:
        return
    if epoch != known.epoch:
        if known.epoch and not epoch:
            yield Fault("epoch", "Cursors are named without their epoch.", CURSORS, entry)
        return
    for topic, seq in cursors.items():
        if not isinstance(seq, int):
            yield Fault("cursor", f"The cursor of {topic} is no whole number.", CURSORS, entry)
        elif seq > known.bound(topic):
            text = f"The cursor of {topic} is {seq}; only {known.bound(topic)} has reached the phone whole."
            yield Fault("cursor", text, CURSORS, entry)
        elif seq < known.reported.get(topic, 0) and topic not in known.lost:
            text = f"The cursor of {topic} is {seq}, but {known.reported[topic]} was reported as delivered: "
            yield Fault("stored-first", text + "it was not stored.", RECEIPTS, entry)


def receipts_are_true(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find receipts above what has reached the phone."""
    known = Known()
    for entry in trace:
        for delivered, seen in receipts_of(entry, known.epoch):
            for word, numbers in (("delivered", delivered), ("seen", seen)):
                for topic, seq in numbers.items():
                    if seq > known.bound(topic):
                        text = (
                            f"`{word}` of {topic} is {seq}; only {known.bound(topic)} has reached the phone."
                        )
                        yield Fault("receipt", text, RECEIPTS, entry)
        known.take(entry)


def one_part_renews(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find refresh tokens that go out twice at a time, or again when a token of the next pair was shown."""
    under_way: set[str] = set()
    spent: set[str] = set()
    next_of: dict[str, str] = {}
    for entry in trace:
        if isinstance(entry, Asked) and entry.path.endswith("/token/refresh"):
            token = refresh_token(entry)
            if token in spent:
                yield Fault("renewal", "A refresh token is used that was spent before.", RENEWAL, entry)
            if token in under_way:
                yield Fault("renewal", "Two parts of the app renew at once.", RENEWAL, entry)
            under_way.add(token)
        elif isinstance(entry, Answered) and entry.asked.path.endswith("/token/refresh"):
            token = refresh_token(entry.asked)
            under_way.discard(token)
            if entry.reached and entry.status == 200:
                next_of[entry.body["access"]] = token
        if isinstance(entry, Asked) and entry.token in next_of:
            spent.add(next_of[entry.token])


def the_device_is_one(trace: Sequence[Seen]) -> Iterator[Fault]:
    """Find sign-ins with an id of the device that is no UUIDv7, or another than before."""
    first = ""
    for entry in trace:
        if (
            not isinstance(entry, Asked)
            or entry.path != "/api/v1/sign-in"
            or not isinstance(entry.body, dict)
        ):
            continue
        id = str((entry.body.get("device") or {}).get("id", ""))
        if not is_uuid7(id):
            yield Fault("device", f"The id of the device is no UUIDv7: “{id}”.", SIGN_IN, entry)
        first = first or id
        if id != first:
            yield Fault("device", "The device signs in with another id than before.", SIGN_IN, entry)


GENERAL: tuple[Check, ...] = (
    no_token_in_an_address,
    version_is_asked_for,
    hello_comes_first_and_once,
    frames_are_well_made,
    acts_keep_their_key,
    cursors_are_what_was_delivered,
    receipts_are_true,
    one_part_renews,
    the_device_is_one,
)


# What entries mean


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did: in the same words by both doors, with its key, and all that it says."""

    name: str
    key: str
    content: str


def act_of(entry: Seen) -> Act | None:
    """Return the act that an entry asks for."""
    if isinstance(entry, Sent) and entry.frame.get("type") in ACTS:
        body, key = entry.frame.get("body"), entry.frame.get("key", "")
        return _act(str(entry.frame["type"]), body if isinstance(body, dict) else {}, str(key))
    if isinstance(entry, Asked) and isinstance(entry.body, dict):
        key = entry.headers.get("idempotency-key", "")
        if entry.method == "POST" and (door := ANSWER_DOOR.match(entry.path)):
            return _act("assignment.answer", {"task": door.group(1), **entry.body}, key)
        if entry.method == "PUT" and entry.path == "/api/v1/me/duty":
            return _act("duty.set", entry.body, key)
    return None


def _act(type: str, body: Frame, key: str) -> Act:
    meant = (body.get("task"), body.get("answer")) if type == "assignment.answer" else (body.get("on"),)
    content = {name: value for name, value in body.items() if value is not None}
    return Act(f"{type} {meant}", key, json.dumps([type, content], sort_keys=True, ensure_ascii=False))


def named_cursors(entry: Seen) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the cursors that an entry names, with their epoch."""
    if isinstance(entry, Sent) and entry.frame.get("type") == "hello":
        yield str(entry.frame.get("epoch") or ""), dict(entry.frame.get("cursors") or {})
    if isinstance(entry, Asked) and entry.path == "/api/v1/catch-up" and isinstance(entry.body, dict):
        yield str(entry.body.get("epoch") or ""), dict(entry.body.get("cursors") or {})


def receipts_of(entry: Seen, epoch: str) -> Iterable[tuple[dict[str, int], dict[str, int]]]:
    """Yield what an entry says was delivered and seen, if it says so in this epoch."""
    said = receipt_in(entry)
    if said and said.get("epoch") == epoch:
        yield _numbers(said.get("delivered")), _numbers(said.get("seen"))


def receipt_in(entry: Seen) -> Frame | None:
    """Return the receipt that an entry is, by either door."""
    if isinstance(entry, Sent) and entry.frame.get("type") == "receipt":
        return entry.frame
    if isinstance(entry, Asked) and entry.path == "/api/v1/receipts" and isinstance(entry.body, dict):
        return dict(entry.body)
    return None


def _numbers(said: Any) -> dict[str, int]:
    if not isinstance(said, dict):
        return {}
    return {str(topic): seq for topic, seq in said.items() if isinstance(seq, int)}


def refresh_token(asked: Asked) -> str:
    """Return the token with which a renewal is asked for."""
    return str(asked.body.get("refresh", "")) if isinstance(asked.body, dict) else ""


def is_uuid7(text: str) -> bool:
    """Tell whether a text is a UUIDv7 in its usual form."""
    try:
        return UUID(text).version == 7
    except ValueError:
        return False


def is_welcome(entry: Seen) -> bool:
    """Tell whether an entry is the reply to hello."""
    return isinstance(entry, Told) and "heartbeat_s" in (entry.frame.get("result") or {})
