"""Who may what with which unit: the one table that the tests are made from and docs/permissions.md is checked against.

A person holds a post (or none) in a unit of some level. A target is a unit in some relation to that one, or something
that belongs to it. For each act the table says, by post, in which relations it is open; in all others there is no such
thing (404).
"""

import sys
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
OWN = frozenset({"own"})
NOWHERE: frozenset[str] = frozenset()

DIRECTS = ("dispatcher", "deputy", "leader", "commander")
MANAGES = ("deputy", "leader", "commander")

Opens = dict[str, frozenset[str]]


def opens(*posts: str, where: frozenset[str] = OWN_AND_BELOW) -> Opens:
    """Return that an act is open to these posts in these relations, and to no others."""
    return {post: where if post in posts else NOWHERE for post in POSTS}


SEES = {post: LINE | (BELOW if post in DIRECTS else NOWHERE) for post in POSTS}
"""Everybody sees their own unit and the line above; whoever directs sees what is below."""

MEETS = {post: OWN | (BELOW if post in DIRECTS else NOWHERE) for post in POSTS}
"""Everybody may look up the members of their own unit; whoever directs, those below."""

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
    media: str = "application/json"

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


def _registered(names: Names) -> dict[str, Any]:
    return {"number": names["free_number"], "name": "新人"}


def _walked_in(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "name": "新人"}


def _credential(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "kind": "insurance", "valid_from": names["starts_at"]}


def _guardian(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "name": "家长", "phone": "13800000000", "consent_at": names["agreed_at"]}


BOUNDARY = "part"


def _roster(names: Names) -> bytes:
    fields = {'name="id"': str(uuid7()), 'name="name"': "Autumn", 'name="file"; filename="a.csv"': "name\n"}
    parts = [f"--{BOUNDARY}\r\nContent-Disposition: form-data; {k}\r\n\r\n{v}\r\n" for k, v in fields.items()]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def _basis(names: Names) -> dict[str, Any]:
    return {"legal_basis": "vital_interests", "reason": "three children"}


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
    Act(
        "end a leader's post in it",
        "DELETE",
        "posts/{lead}",
        opens("leader", "commander"),
        beyond=opens("deputy"),
    ),
    Act(
        "rename it",
        "PATCH",
        "units/{unit}",
        opens(*MANAGES),
        lambda n: {"name": "Old quarter", "brand_name": "Lantern keepers"},
    ),
    Act(
        "give it an emblem",
        "PUT",
        "units/{unit}/emblem",
        opens(*MANAGES),
        lambda n: n["picture"],
        media="image/png",
    ),
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
        "split a member with a leader's post off it",
        "POST",
        "units/{unit}/split",
        opens("leader", "commander", where=BELOW),
        lambda n: {"name": "New quarter", "members": [n["head"]]},
        beyond=opens("deputy", where=BELOW),
    ),
    Act(
        "merge it, with a commander's post in it, into its neighbour",
        "POST",
        "units/{unit}/merge",
        opens("commander", where=BELOW),
        lambda n: {"successor": n["neighbour"]},
        beyond=opens("deputy", "leader", where=BELOW),
    ),
    Act(
        "merge a unit without such posts below it into its neighbour",
        "POST",
        "units/{empty}/merge",
        opens(*MANAGES),
        lambda n: {"successor": n["unit_beside_empty"]},
    ),
    Act(
        "retire an empty unit below it",
        "POST",
        "units/{empty}/retire",
        opens(*MANAGES, where=OWN_AND_BELOW),
        lambda n: {"successor": n["unit_beside_empty"]},
    ),
    Act(
        "name why a task locates without consent",
        "PUT",
        "tasks/{task}/legal-basis",
        opens("commander"),
        _basis,
        beyond=opens("dispatcher", "deputy", "leader"),
    ),
    Act("see its roster", "GET", "units/{unit}/roster", opens(*DIRECTS)),
    Act(
        "find who is nearest to a place",
        "GET",
        "units/{unit}/nearest?lon=119.9&lat=29.4&datum=wgs84",
        opens(*DIRECTS),
    ),
    Act("export its roster", "GET", "units/{unit}/roster-file", opens(*MANAGES)),
    Act("see its imports", "GET", "units/{unit}/imports", opens(*MANAGES)),
    Act(
        "upload a roster",
        "POST",
        "units/{unit}/imports",
        opens(*MANAGES),
        _roster,
        media=f"multipart/form-data; boundary={BOUNDARY}",
    ),
    Act("see an import", "GET", "imports/{checked}", opens(*MANAGES)),
    Act("see the report of an import", "GET", "imports/{checked}/rows", opens(*MANAGES)),
    Act("start an import", "POST", "imports/{checked}/start", opens(*MANAGES), lambda n: {}),
    Act("undo an import", "POST", "imports/{imported}/undo", opens(*MANAGES)),
    Act("see its blocks of numbers", "GET", "units/{unit}/number-blocks", opens(*MANAGES)),
    Act(
        "set numbers aside for it",
        "POST",
        "units/{unit}/number-blocks",
        opens(*MANAGES),
        lambda n: {"id": str(uuid7()), "size": 2},
    ),
    Act("see the numbers of a block", "GET", "units/{unit}/number-blocks/{block}", opens(*MANAGES)),
    Act("take a block back", "POST", "units/{unit}/number-blocks/{block}/return", opens(*MANAGES)),
    Act("register a person from a block", "POST", "units/{unit}/registrations", opens(*MANAGES), _registered),
    Act("register a walk-in", "POST", "units/{unit}/walk-ins", opens(*DIRECTS), _walked_in),
    Act(
        "give a walk-in a number for life",
        "POST",
        "volunteers/{walk_in}/life-number",
        opens(*MANAGES),
        beyond=opens("dispatcher"),
    ),
    Act(
        "merge two records of a member",
        "POST",
        "volunteers/{member}/merge",
        opens(*MANAGES),
        lambda n: {"duplicate": n["twin"]},
        beyond=opens("dispatcher"),
    ),
    Act("look a member's number up", "GET", "numbers/{member}", MEETS),
    Act("see a member's credentials", "GET", "volunteers/{member}/credentials", opens(*MANAGES)),
    Act("note a credential", "POST", "volunteers/{member}/credentials", opens(*MANAGES), _credential),
    Act("revoke a credential", "DELETE", "volunteers/{member}/credentials/{credential}", opens(*MANAGES)),
    Act("see a member's guardians", "GET", "volunteers/{member}/guardians", opens(*MANAGES)),
    Act("note a guardian", "POST", "volunteers/{member}/guardians", opens(*MANAGES), _guardian),
    Act(
        "note that a guardian withdraws",
        "DELETE",
        "volunteers/{member}/guardians/{guardian}",
        opens(*MANAGES),
    ),
    Act("see a member's badge", "GET", "volunteers/{member}/badge", opens(*DIRECTS)),
    Act("see a member's card", "GET", "volunteers/{member}/badge/card.svg", opens(*DIRECTS)),
    Act("print a member's card", "GET", "volunteers/{member}/badge/card.pdf", opens(*DIRECTS)),
    Act("see a member's photo", "GET", "volunteers/{member}/photo", opens(*DIRECTS)),
    Act(
        "issue a badge",
        "POST",
        "volunteers/{member}/badge",
        opens(*MANAGES),
        lambda n: {"id": str(uuid7())},
        beyond=opens("dispatcher"),
    ),
    Act(
        "revoke a badge",
        "POST",
        "volunteers/{member}/badge/revoke",
        opens(*MANAGES),
        lambda n: {"reason": "lost"},
        beyond=opens("dispatcher"),
    ),
    Act(
        "invite a member to sign in",
        "POST",
        "volunteers/{member}/invitation",
        opens(*MANAGES),
        beyond=opens("dispatcher"),
    ),
)
"""Every act over REST that concerns a unit or what belongs to it."""

ONES_OWN = frozenset(
    {
        "POST applications",
        "POST applications/{}/withdraw",
        "GET transfers",
        "POST transfers/{}/withdraw",
        "GET tasks",
        "POST tasks/{}/answer",
        "GET roster-template",
        "GET skills",
        "GET badges/check",
        "GET badges/keys",
        "GET badges/revoked",
        "POST positions",
        "POST catch-up",
        "POST receipts",
        "POST sign-out",
        "POST token/refresh",
    }
)
"""Doors that concern oneself or are open to everybody, beside all below `me`, `sign-in` and `trackers`."""

TOPICS: dict[str, tuple[str, Opens]] = {
    "unit.{unit}": ("join a unit's topic", SEES),
    "task.{task}": ("join a task's topic", opens(*DIRECTS)),
    "person.{member}": ("join another person's topic", opens()),
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
        OWN: "own",
        LINE | BELOW: "own, above, below",
    }
    return short.get(where, "–")


if __name__ == "__main__":
    sys.stdout.write(table())
