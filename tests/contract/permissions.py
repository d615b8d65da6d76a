"""Who may what with which unit: the one table that the tests are made from and docs/permissions.md is checked against.

A person holds a post (or none) in a unit of some level. A target is a unit in some relation to that one, or something
that belongs to it. For each act the table says, by post, in which relations it is open; in all others there is no such
thing (404).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uuid6 import uuid7

LEVELS = ("headquarters", "corps", "detachment", "brigade", "squadron")
POSTS = ("none", "member", "dispatcher", "deputy", "leader", "commander")
"""`none` belongs to the unit without a post; the others hold that post there, and belong to it."""
RELATIONS = ("own", "below", "far below", "above", "sibling", "stranger")

OWN_AND_BELOW = frozenset({"own", "below", "far below"})
BELOW = frozenset({"below", "far below"})
LINE = frozenset({"own", "above"})
NOWHERE: frozenset[str] = frozenset()

DIRECTS = ("dispatcher", "deputy", "leader", "commander")
MANAGES = ("deputy", "leader", "commander")

Opens = dict[str, frozenset[str]]


def opens(*posts: str, where: frozenset[str] = OWN_AND_BELOW) -> Opens:
    """Return that an act is open to these posts in these relations, and to no others."""
    return {post: where if post in posts else NOWHERE for post in POSTS}


SEES = {post: LINE | (BELOW if post in DIRECTS else NOWHERE) for post in POSTS}
"""Everybody sees their own unit and the line above; whoever directs sees what is below."""

Names = dict[str, Any]
"""What belongs to a target: `unit` its number, `member` the number of somebody in it, and so on."""


@dataclass(frozen=True)
class Act:
    """One act: in words, its door, what is sent, and to whom it is open.

    The address names parts of the target: `{unit}` its number, `{member}` one who belongs to it, and so on. Where an
    act is known but wider than one's own post, it is refused as `beyond` says (403). `lowest` is the answer to whoever
    may, below a squadron.
    """

    words: str
    method: str
    address: str
    opens: Opens
    body: Callable[[Names], Any] = lambda names: None
    beyond: Opens | None = None
    lowest: int | None = None
    raw: bool = False

    def __str__(self) -> str:
        return self.words


def _task(names: Names) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "unit": names["unit"],
        "category": "patrol",
        "title": "Evening patrol",
        "place": {"lon": 119.89, "lat": 29.45, "datum": "wgs84"},
        "starts_at": names["starts_at"],
        "answer_by": names["answer_by"],
        "headcount": 2,
    }


def _call(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "units": [names["unit"]]}


def _transfer(**ends: str) -> dict[str, Any]:
    return {"id": str(uuid7()), **ends}


def _post(role: str) -> Callable[[Names], Any]:
    return lambda names: {"volunteer": names["member"], "role": role}


ACTS = (
    Act("see a unit and its counts", "GET", "units/{unit}", SEES),
    Act("see its emblem", "GET", "units/{unit}/emblem", SEES),
    Act("see its sub-units", "GET", "units/{unit}/children", opens(*DIRECTS)),
    Act("see its posts", "GET", "units/{unit}/posts", opens(*DIRECTS)),
    Act("list its tasks", "GET", "tasks?unit={unit}", opens(*DIRECTS)),
    Act("make a task for it", "POST", "tasks", opens(*DIRECTS), _task),
    Act("see a task of it", "GET", "tasks/{task}", opens(*DIRECTS)),
    Act("call a task of it out", "POST", "tasks/{task}/call-outs", opens(*DIRECTS), _call),
    Act("see who was asked", "GET", "tasks/{task}/recipients", opens(*DIRECTS)),
    Act("see who was asked below", "GET", "tasks/{task}/units", opens(*DIRECTS)),
    Act(
        "call a task of it off", "POST", "tasks/{task}/cancel", opens(*DIRECTS), lambda n: {"reason": "rain"}
    ),
    Act("see who applies to it", "GET", "units/{unit}/applications", opens(*MANAGES)),
    Act("approve an application", "POST", "applications/{application}/approve", opens(*MANAGES)),
    Act(
        "reject an application",
        "POST",
        "applications/{application}/reject",
        opens(*MANAGES),
        lambda n: {"reason": "lives elsewhere"},
    ),
    Act(
        "suspend a member of it",
        "POST",
        "volunteers/{member}/suspend",
        opens(*MANAGES),
        lambda n: {"reason": "an inquiry"},
    ),
    Act("reinstate a member of it", "POST", "volunteers/{member}/reinstate", opens(*MANAGES)),
    Act(
        "retire a member of it",
        "POST",
        "volunteers/{member}/retire",
        opens(*MANAGES),
        lambda n: {"reason": "moved away"},
    ),
    Act("take a member out of it", "DELETE", "volunteers/{member}/units/{unit}", opens(*MANAGES)),
    Act(
        "choose a member's primary unit",
        "PUT",
        "volunteers/{member}/primary-unit",
        opens(*MANAGES),
        lambda n: {"unit": n["unit"]},
    ),
    Act(
        "propose a member of it to another unit",
        "POST",
        "transfers",
        opens(*MANAGES),
        lambda n: _transfer(volunteer=n["member"], from_unit=n["unit"], to_unit=n["elsewhere"]),
    ),
    Act(
        "ask for another unit's member",
        "POST",
        "transfers",
        opens(*MANAGES),
        lambda n: _transfer(volunteer=n["resident"], from_unit=n["elsewhere"], to_unit=n["unit"]),
    ),
    Act("accept who is proposed to it", "POST", "transfers/{coming}/accept", opens(*MANAGES)),
    Act("decline who is proposed to it", "POST", "transfers/{coming}/decline", opens(*MANAGES)),
    Act("let a member go who was asked for", "POST", "transfers/{going}/accept", opens(*MANAGES)),
    Act("give the post of a member in it", "POST", "units/{unit}/posts", opens(*MANAGES), _post("member")),
    Act("give the post of a dispatcher", "POST", "units/{unit}/posts", opens(*MANAGES), _post("dispatcher")),
    Act("give the post of a deputy", "POST", "units/{unit}/posts", opens(*MANAGES), _post("deputy")),
    Act(
        "give the post of a leader",
        "POST",
        "units/{unit}/posts",
        opens("leader", "commander"),
        _post("leader"),
        beyond=opens("deputy"),
    ),
    Act(
        "give the post of a commander",
        "POST",
        "units/{unit}/posts",
        opens("commander"),
        _post("commander"),
        beyond=opens("deputy", "leader"),
    ),
    Act("end a dispatcher's post in it", "DELETE", "posts/{post}", opens(*MANAGES)),
    Act("end a leader's post in it", "DELETE", "posts/{lead}", opens("leader", "commander")),
    Act(
        "rename it",
        "PATCH",
        "units/{unit}",
        opens(*MANAGES),
        lambda n: {"name": "Old quarter", "brand_name": "Lantern keepers"},
    ),
    Act("give it an emblem", "PUT", "units/{unit}/emblem", opens(*MANAGES), lambda n: n["picture"], raw=True),
    Act("take its emblem away", "DELETE", "units/{unit}/emblem", opens(*MANAGES)),
    Act(
        "put a partner organisation below it",
        "POST",
        "units",
        opens(*MANAGES),
        lambda n: {"parent": n["unit"], "name": "School guards", "partner_kind": "school_guard"},
        lowest=409,
    ),
    Act(
        "split it",
        "POST",
        "units/{unit}/split",
        opens(*MANAGES, where=BELOW),
        lambda n: {"name": "New quarter", "members": [n["member"]]},
    ),
    Act(
        "move it within its parent",
        "POST",
        "units/{unit}/move",
        opens(*MANAGES, where=BELOW),
        lambda n: {"parent": n["parent"]},
    ),
    Act(
        "merge it into its neighbour",
        "POST",
        "units/{unit}/merge",
        opens(*MANAGES, where=BELOW),
        lambda n: {"successor": n["neighbour"]},
    ),
    Act(
        "retire an empty unit below it",
        "POST",
        "units/{empty}/retire",
        opens(*MANAGES, where=OWN_AND_BELOW),
        lambda n: {"successor": n["unit_beside_empty"]},
    ),
)
"""Every act over REST that concerns a unit or what belongs to it."""

TOPICS: dict[str, tuple[str, Opens]] = {
    "unit.{unit}": ("join a unit's topic", SEES),
    "task.{task}": ("join a task's topic", opens(*DIRECTS)),
    "person.{member}": ("join somebody else's topic", opens()),
}
"""Every topic a socket may ask for."""
WATCHES = opens(*DIRECTS)
"""Whom one sees on the live map."""


def table() -> str:
    """Return the table of docs/permissions.md."""
    lines = [f"| act | {' | '.join(POSTS)} |", "|---" * (len(POSTS) + 1) + "|"]
    rows = [(act.words, act.opens) for act in ACTS]
    rows += [(words, opens) for words, opens in TOPICS.values()]
    rows.append(("see its people on the live map", WATCHES))
    for words, by_post in rows:
        cells = [_words(by_post[post]) for post in POSTS]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _words(where: frozenset[str]) -> str:
    short = {
        OWN_AND_BELOW: "own, below",
        BELOW: "below",
        LINE: "own, above",
        LINE | BELOW: "own, above, below",
    }
    return short.get(where, "–")


if __name__ == "__main__":
    pass
