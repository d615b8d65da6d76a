"""Chooses the unit that a page is about, among the topmost units of a person and all below them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.lib.errors import NotFound
from backend.volunteers.models import Unit
from backend.volunteers.queries import unit_by_number
from backend.volunteers.queries.units import units_below, units_named


@dataclass(frozen=True, slots=True)
class Choice:
    """The unit that was chosen, and what else there is to choose: what a name may mean, or the units below."""

    unit: Unit
    choices: list[Unit]
    sought: str = field(default="")


def chosen_unit(tops: Sequence[Unit], text: str) -> Choice:
    """Return the unit of a number or a name; the topmost one for no text, and for a name of several or of none."""
    text = text.strip()[:80]
    if not text:
        return Choice(tops[0], [*tops[1:], *units_below(tops[0])])
    try:
        unit = unit_by_number(text)
    except NotFound:
        if text.replace("-", "").isascii():
            raise
        found = units_named(text, below=tops)
        if len(found) != 1:
            return Choice(tops[0], found, text)
        unit = found[0]
    return Choice(unit, [top for top in tops if top != unit] + units_below(unit))
