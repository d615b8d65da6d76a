"""Finds the next free number for a unit made by hand; numbers are never given again."""

from django.utils.translation import gettext_lazy as _

from backend.lib.errors import Refusal
from backend.volunteers.models import Unit, UnitKind
from backend.volunteers.number_scheme import unit_number
from backend.volunteers.services.formation import LAST_BRIGADE, LAST_SQUADRON

_RANGES = {
    UnitKind.CORPS: range(12, 80),
    UnitKind.DETACHMENT: range(50, 80),
    UnitKind.BRIGADE: range(1, LAST_BRIGADE + 1),
    UnitKind.SQUADRON: range(1, LAST_SQUADRON + 1),
}
"""Cities have the digits 01–11 and counties 01–49 and 81–99: a division that is loaded later finds its own free."""
_PARTNERS_OF_DETACHMENT, _PARTNERS_OF_BRIGADE = range(LAST_BRIGADE + 1, 100), range(LAST_SQUADRON + 1, 1_000)


class UnitNumbersExhausted(Refusal):
    """No number is left for another unit there."""

    slug = "unit-numbers-exhausted"
    text = _("No number is left for another unit there.")


def next_number(parent: Unit, kind: str) -> str:
    """Return the number of a new unit: the serial after the highest that was ever given below the parent.

    The formation is locked. Raises UnitNumbersExhausted.
    """
    start, width, serials = _place(parent, kind)
    used = {
        int(number[start : start + width])
        for number in Unit.objects.filter(number__startswith=parent.number[:start]).values_list(
            "number", flat=True
        )
    }
    last = max((serial for serial in used if serial in serials), default=serials.start - 1)
    if last + 1 not in serials:
        raise UnitNumbersExhausted
    digits = f"{parent.number[:start]}{last + 1:0{width}d}".ljust(9, "0")
    return unit_number(int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6:9]))


def _place(parent: Unit, kind: str) -> tuple[int, int, range]:
    """Return the place of the serial in the number, its width, and the serials meant for this kind."""
    if kind == UnitKind.PARTNER:
        below_brigade = parent.number[4:6] != "00"
        return (6, 3, _PARTNERS_OF_BRIGADE) if below_brigade else (4, 2, _PARTNERS_OF_DETACHMENT)
    places = {UnitKind.CORPS: (0, 2), UnitKind.DETACHMENT: (2, 2), UnitKind.BRIGADE: (4, 2)}
    start, width = places.get(UnitKind(kind), (6, 3))
    return start, width, _RANGES[UnitKind(kind)]
