"""Why a file cannot be taken as a roster, and why a row of it is not."""

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backend.lib.errors import Refusal
from backend.rosters.reading.columns import Column


class UnreadableRoster(Refusal):
    """This is neither a CSV nor an XLSX file that can be read."""

    status = 422
    slug = "unreadable-roster"
    text = _("This file cannot be read as a roster. Save it as CSV or XLSX, with a column “Name”.")

    @property
    def said(self) -> str:
        """What is wrong with the file, in the language of the person who chose it."""
        return gettext(self.detail)

    @property
    def words(self) -> str:
        """What the file is, where that is known; otherwise what a roster is."""
        return super().words if self.detail == self.__doc__ else self.said


class RowRejected(Exception):
    """A row that cannot become a person: in which column, and why; `units` are the numbers of units it may mean."""

    def __init__(self, column: Column | None, code: str, units: tuple[str, ...] = ()) -> None:
        self.column, self.code, self.units = column, code, units
        super().__init__(code)


REASONS: dict[str, Promise] = {
    "name-missing": _("The name is missing."),
    "name-too-long": _("The name is longer than 80 characters."),
    "name-wrong": _("This is no name: it begins like a formula, or holds line breaks or control characters."),
    "cell-too-long": _("The cell holds more than 1,000 characters."),
    "too-many-cells": _("The row has more than 100 cells."),
    "phone-wrong": _("This is no phone number: a mobile has eleven digits, a landline needs its area code."),
    "number-shortened": _(
        "The spreadsheet has shortened the number: make the column text and enter it again."
    ),
    "id-card-wrong": _("This is no identity card number: its length, date, place or check digit is wrong."),
    "no-phone-or-id-card": _("Neither phone nor identity card: the person could not be told from others."),
    "born-on-wrong": _("This is no date of birth, or it lies in the future or before 1900."),
    "born-on-unclear": _(
        "The date of birth has no day, or can be read in two ways, and the person may be a minor: write 1980-01-31."
    ),
    "born-on-differs": _("The date of birth is not the one in the identity card number."),
    "unit-unknown": _("There is no such unit in the unit of the import or below it."),
    "unit-ambiguous": _("Several units have this name: write the unit's number, or the names above it too."),
    "skill-unknown": _("Accepted; a skill in the cell is none that the formation knows, and was left out."),
    "number-not-in-block": _(
        "An import gives new numbers: leave the cell empty. Who has a number of a block is registered by hand."
    ),
    "phone-in-file": _("An earlier row has the same phone."),
    "id-card-in-file": _("An earlier row has the same identity card."),
    "phone-in-roster": _("Somebody in the roster has this phone."),
    "id-card-in-roster": _("Somebody in the roster has this identity card."),
    "name-merged": _("The name is merged with the row above: of a person in several rows the first is read."),
    "cell-merged": _("The cell is merged with another one, and its text counts only where it begins."),
    "formula-empty": _(
        "The formula in the cell has no value: open the file in a spreadsheet and save it again."
    ),
    "unit-empty": _(
        "The unit is empty, though rows above have one: the person comes into the unit of the import."
    ),
    "phone-first-taken": _("Accepted; more than one number stands in the cell, and one phone was taken."),
    "document-not-kept": _("Accepted; this is no identity card number, and was not kept."),
    "born-on-unknown": _(
        "Accepted; the date of birth has no day, or can be read in two ways, and counts as unknown: no night work, "
        "nothing dangerous."
    ),
    "post-not-given": _("Accepted; posts are not given by an import: appoint the person afterwards."),
}
"""What is wrong with a row, by its code; the codes are part of the report and keep their meaning."""

DOUBTS: dict[str, Promise] = {
    "phone-of-another": _("The identity card belongs to this person, and the phone to another person."),
    "another-card": _("The phone belongs to this person, and the identity card in the file is another one."),
    "another-name": _("The phone belongs to this person, and the name in the file is quite another one."),
    "born-on-against-card": _(
        "The date of birth on record is not the one in the file and in the identity card."
    ),
    "has-retired": _("The person has left the service."),
}
"""Why a row of a known person is not plainly theirs, by its code."""

FATES: dict[str, Promise] = {
    "read": _("Read"),
    "hidden": _("Left out: the sheet is hidden. Show it and upload the file again, if its people are meant."),
    "empty": _("Left out: the sheet is empty."),
    "no-heading": _("Left out: none of its first rows has the heading “name” or “姓名”."),
    "other-heading": _(
        "Left out: it has neither a column for phones nor one for identity cards. Add one and upload the file again."
    ),
    "no-table": _("Left out: this is no sheet with cells, a chart for example."),
}
"""What becomes of a sheet, by its code."""

NOTES: dict[str, Promise] = {
    "no-unit-column": _(
        "People who come into {unit} itself, since no column names their unit: {count}. If they belong to units below, "
        "give the file a column “单位” or “Unit”."
    ),
    "units-in-column": _(
        "These columns hold names of units, but their headings do not say so, and they are not read: call the one "
        "that counts “单位” or “Unit”."
    ),
    "tables-beside": _("People stand side by side; each of these groups of columns was read."),
    "table-unread": _("These columns look like a list of other people, and were not read."),
    "headings-again": _("The headings come again here; that is no person."),
    "rows-unread": _("From here on the headings are others; the rest of the sheet was not read."),
    "totals": _("These rows are totals, and were passed over."),
    "examples": _("These rows show how to fill in the others, and were passed over."),
    "sections-passed-over": _("A text stands alone in these rows; they were passed over."),
    "section-unit": _("This row names a unit: people below it who name none come into that unit."),
    "rows-without-people": _(
        "Nothing stands in the columns of these rows that are read; they were passed over."
    ),
    "hidden-rows": _("These rows are hidden, by a filter for example, and were read all the same."),
    "hidden-columns": _("These columns are hidden, and were read all the same."),
}
"""What the uploader should know of a file before starting the import, by its code."""
