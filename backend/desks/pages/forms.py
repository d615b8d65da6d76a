"""The forms of a desk's page: its telephone, shifts once or weekly, what is handed over."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from backend.accounts.pages.forms import CLOCK, DOES_NOT_FIT, MINUTES, MOMENT, ShapeForm, day_field
from backend.desks.models import LONGEST_MATTER
from backend.desks.schemas import MOST_MATTERS, DeskIn, HandOverIn, ShiftIn

PEOPLE = {"volunteer": _("Volunteer number"), "deputy": _("Number of the deputy, if there is one")}
DIGITS = {name: {"inputmode": "numeric"} for name in PEOPLE}


class TelephoneForm(ShapeForm[DeskIn]):
    """The telephone of the desk."""

    shape, labels, ids = DeskIn, {"phone": _("Telephone of the desk")}, "desk-%s"
    attrs = {"phone": {"type": "tel"}}


class ShiftForm(ShapeForm[ShiftIn]):
    """Who is at the desk, and beside them."""

    shape, labels, attrs = ShiftIn, PEOPLE, DIGITS
    if_wrong = _("Look at the numbers and times: both are of volunteers in service, of this unit or below.")

    end_field: ClassVar[str]
    """The field at which it is said that the times do not fit."""

    def clean(self) -> dict[str, Any]:
        """Make the shape; what is wrong with its times is said at the end of them."""
        cleaned = super().clean()
        if self.has_error(NON_FIELD_ERRORS):
            del self.errors[NON_FIELD_ERRORS]
            self.add_error(self.end_field, str(DOES_NOT_FIT))
        return cleaned

    def shifted(self) -> Mapping[str, Any]:
        """Return the people and the id, without what the times are."""
        given = super().given()
        return {name: given[name] for name in ("id", *PEOPLE) if given.get(name)}


class OnceForm(ShiftForm):
    """A shift of one time, in the zone in which the form is read."""

    ids, end_field = "once-%s", "until_at"
    from_at = forms.DateTimeField(label=_("From"), input_formats=MINUTES, widget=MOMENT)
    until_at = forms.DateTimeField(label=_("Until"), input_formats=MINUTES, widget=MOMENT)
    before_week = forms.BooleanField(label=_("In the place of the weekly shift"), required=False)
    field_order = [*PEOPLE, "from_at", "until_at", "before_week"]

    def given(self) -> Mapping[str, Any]:
        """Return what the shape is made of."""
        names = ("from_at", "until_at", "before_week")
        return {**self.shifted(), "once": {name: self.cleaned_data[name] for name in names}}


class WeeklyForm(ShiftForm):
    """A shift of every week, by the clocks of the unit."""

    ids, end_field = "weekly-%s", "end"
    weekday = forms.TypedChoiceField(label=_("Day"), choices=list(WEEKDAYS.items()), coerce=int)
    start = forms.TimeField(label=_("From"), input_formats=["%H:%M"], widget=CLOCK)
    end = forms.TimeField(label=_("Until"), input_formats=["%H:%M"], widget=CLOCK)
    from_date = day_field(_("First day"))
    until_date = day_field(_("Last day, if it ends"), required=False)
    field_order = [*PEOPLE, "weekday", "start", "end", "from_date", "until_date"]

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clocks = _("By the clocks of the unit (%(zone)s). An end that is not later is that of the next day.")
        self.fields["end"].help_text = clocks % {"zone": zone}

    def given(self) -> Mapping[str, Any]:
        """Return what the shape is made of."""
        said = self.cleaned_data
        times = {name: f"{said[name]:%H:%M}" for name in ("start", "end")}
        days = {name: said[name] for name in ("from_date", "until_date") if said[name]}
        return {**self.shifted(), "weekly": {"weekday": said["weekday"], **times, **days}}


class HandOverForm(ShapeForm[HandOverIn]):
    """What is open, each matter on a line of its own."""

    shape, ids = HandOverIn, "hand-over-%s"
    matters = forms.CharField(
        label=_("What is open, one matter a line"),
        required=False,
        max_length=MOST_MATTERS * (LONGEST_MATTER + 2),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    matters.help_text = _("At most 30 lines of 500 characters. Leave it empty when nothing is open.")

    def given(self) -> Mapping[str, Any]:
        """Return what the shape is made of."""
        lines = (line.strip() for line in self.cleaned_data["matters"].splitlines())
        return {**super().given(), "matters": [line for line in lines if line]}
