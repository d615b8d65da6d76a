"""Who may what with which unit, in words: the table that docs/permissions.md is checked against.

The rights over REST stand in the `acts.py` of each room's tests, those on a socket here.
"""

import sys

from tests.contract.acts import BELOW, DIRECTS, LINE, OWN, OWN_AND_BELOW, POSTS, SEES, Opens, opens
from tests.contract.table import RIGHTS

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
    rows = [(right.words, right.opens) for right in RIGHTS]
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
