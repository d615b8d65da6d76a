"""Why a file cannot be taken as a roster, and why a row of it is not."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.lib.errors import Refusal
from backend.volunteers.rosters.columns import Column


class UnreadableRoster(Refusal):
    """This is neither a CSV nor an XLSX file that can be read."""

    status = 422


class RowRejected(Exception):
    """A row that cannot become a person: in which column, and why."""

    def __init__(self, column: Column | None, code: str) -> None:
        self.column, self.code = column, code
        super().__init__(code)


REASONS: dict[str, Promise] = {
    "name-missing": _("The name is missing."),
    "name-too-long": _("The name is longer than 80 characters."),
    "name-wrong": _("This is no name: it begins like a formula, or holds characters that cannot be printed."),
    "cell-too-long": _("The cell holds more than 1,000 characters."),
    "too-many-cells": _("The row has more than 100 cells."),
    "phone-wrong": _("This is no phone number."),
    "number-shortened": _(
        "The spreadsheet has shortened the number: make the column text and enter it again."
    ),
    "id-card-wrong": _("This is no identity card number: its length, date, place or check digit is wrong."),
    "no-phone-or-id-card": _("Neither phone nor identity card: the person could not be told from others."),
    "born-on-wrong": _("This is no date of birth, or it lies in the future or before 1900."),
    "born-on-differs": _("The date of birth is not the one in the identity card number."),
    "unit-unknown": _("There is no such unit in the unit of the import or below it."),
    "unit-ambiguous": _("Several units have this name: write the unit's number, or the names above it too."),
    "skill-unknown": _("There is no such skill."),
    "number-not-in-block": _(
        "An import gives new numbers: leave the cell empty. Who has a number of a block is registered by hand."
    ),
    "phone-in-file": _("An earlier row has the same phone."),
    "id-card-in-file": _("An earlier row has the same identity card."),
    "phone-in-roster": _("Somebody in the roster has this phone."),
    "id-card-in-roster": _("Somebody in the roster has this identity card."),
    "post-not-given": _("Accepted; posts are not given by an import: appoint the person afterwards."),
}
"""What is wrong with a row, by its code; the codes are part of the report and keep their meaning."""
