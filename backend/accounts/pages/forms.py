"""Forms of pages, made from the shapes that the doors take: pydantic says what is right, Django shows it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Generic, TypeVar, get_args
from zoneinfo import ZoneInfo

import pydantic
from django import forms
from django.db.models import Choices
from django.forms.renderers import DjangoTemplates
from django.http import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic.fields import FieldInfo
from uuid6 import uuid7

from backend.accounts.pages.shell import said
from backend.lib.errors import Instead, Invalid, Refusal
from backend.lib.shapes import Sent

_Form = TypeVar("_Form", bound="PageForm")
_Shape = TypeVar("_Shape", bound=pydantic.BaseModel)

DOES_NOT_FIT = _("This does not fit here.")
WRONG: dict[str, Promise] = {
    "phone": _("This is no phone number: a mobile has eleven digits, a landline needs its area code."),
    "name": _("This is no name: it begins like a formula, or holds line breaks or control characters."),
}
"""What is wrong with a field, by pydantic's type of the error, where more is known than that it does not fit."""
SHARED_PHONE = _("Others may have this phone too: they share it")
CLOCK = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
MOMENT = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
MINUTES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
"""How browsers write a moment."""
CLOCKS = _("By the clocks of your unit (%(zone)s). An end before the beginning is that of the next morning.")


def shape_of(shape: type[_Shape], given: Mapping[str, Any]) -> _Shape:
    """Make a shape of what a form has given where no field is to blame. Raises Invalid."""
    try:
        return shape.model_validate(dict(given))
    except pydantic.ValidationError as error:
        raise Invalid from error


class Renderer(DjangoTemplates):
    """Draws a form as a label, an input, a hint and the errors of each field, tied to each other for screen readers."""

    form_template_name = "console/form.html"
    field_template_name = "console/field.html"


class PageForm(forms.Form):
    """A form that knows why it was refused, and with what status. By itself it has no field: it is a button."""

    default_renderer = Renderer()
    ids: ClassVar[str] = "%s"
    if_wrong: ClassVar[Promise | str] = Invalid.text
    """What stands above the form while a field is wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": self.ids, "use_required_attribute": True, **kwargs})
        self.answered_with, self.refused = Invalid.status, ""

    @property
    def problem(self) -> str:
        """What stands above the form: why it was refused, or that a field is wrong."""
        if self.is_bound and self.errors:
            return self.refused or " ".join(map(str, self.non_field_errors())) or str(self.if_wrong)
        return ""

    def refuse(self, refusal: Refusal, instead: Instead | None = None) -> None:
        """Say why it was not done: at the field that the refusal is about, otherwise above the form."""
        self.answered_with, text = refusal.status, said(refusal, instead)
        pointers = {error["pointer"].split("/")[1] for error in refusal.errors if "/" in error["pointer"]}
        at_field = str(DOES_NOT_FIT) if text == str(Invalid.text) else text
        self.refused = text
        for name in self.fields.keys() & {refusal.field, *pointers}:
            self.add_error(name, at_field)
        if not self.errors:
            self.add_error(None, text)


class ShapeForm(PageForm, Generic[Sent]):
    """A form with a field for each field of `shape` that has a label; ids are hidden, and made with the form."""

    shape: type[Sent]
    labels: ClassVar[Mapping[str, Any]] = {}
    attrs: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """Attributes of inputs that no shape knows: which keyboard, what a browser may fill in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schemas = self.shape.model_json_schema()["properties"]
        for name, info in self.shape.model_fields.items():
            if name not in self.fields and (name in self.labels or name == "id"):
                self.fields[name] = _field(info, schemas[name])
                self.fields[name].label = self.labels.get(name)
        for name, attrs in self.attrs.items():
            widget = self.fields[name].widget
            widget.attrs.update(attrs)
            widget.input_type = widget.attrs.pop("type", widget.input_type)
        self.order_fields(self.field_order)

    def given(self) -> Mapping[str, Any]:
        """Return what the shape is made of; what was left empty is left out."""
        names = self.shape.model_fields.keys() & self.cleaned_data.keys()
        return {name: value for name in names if (value := self.cleaned_data[name]) not in (None, "")}

    def clean(self) -> dict[str, Any]:
        """Make the shape, or say at each field what is wrong with it."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.body = self.shape.model_validate(self.given())
        except pydantic.ValidationError as error:
            for item in error.errors():
                name = str(item["loc"][0]) if item["loc"] else ""
                text = str(WRONG.get(item["type"], DOES_NOT_FIT))
                self.add_error(name if name in self.fields else None, text)
        return cleaned


class DailyForm(PageForm):
    """Two times on the wall where one's unit is; an end before the beginning is that of the next morning."""

    start = forms.TimeField(label=_("From"), input_formats=["%H:%M"], widget=CLOCK)
    end = forms.TimeField(label=_("Until"), input_formats=["%H:%M"], widget=CLOCK)

    def __init__(self, *args: Any, zone: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["end"].help_text = CLOCKS % {"zone": zone}


class DatedForm(ShapeForm[Sent]):
    """A form in which moments of the shape are days of a zone."""

    begins: ClassVar[Mapping[str, str]] = {}
    """The days that mean their beginning, by the name of the moment in the shape."""
    ends: ClassVar[Mapping[str, str]] = {}
    """The days that mean their last second."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def given(self) -> Mapping[str, Any]:
        """Return what the shape is made of, with moments in the place of days."""
        given = {**super().given()}
        for moment, name in self.begins.items():
            given |= {moment: self._midnight(name)} if self.cleaned_data[name] else {}
        for moment, name in self.ends.items():
            last = timedelta(days=1, seconds=-1)
            given |= {moment: self._midnight(name) + last} if self.cleaned_data[name] else {}
        return given

    def _midnight(self, name: str) -> datetime:
        return datetime.combine(self.cleaned_data[name], time(), self.zone)


class CodeForm(PageForm):
    """A code of the second factor."""

    ids = "id_%s"
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


def act_page(
    form: _Form,
    act: Callable[[_Form], HttpResponseBase],
    again: Callable[[_Form], HttpResponseBase],
    instead: Instead | None = None,
    *,
    passes_on: type[Refusal] | tuple[()] = (),
) -> HttpResponseBase:
    """Do what a form asks, and answer what `act` does; a form that is refused is shown `again` with the reasons.

    `passes_on` is a refusal that the view answers in another way.
    """
    if form.is_valid():
        try:
            return act(form)
        except passes_on:
            raise
        except Refusal as refusal:
            form.refuse(refusal, instead)
    return again(form)


class DayField(forms.DateField):
    """A day in the digits of ISO 8601: the digits of other scripts are refused, as REST refuses them."""

    def to_python(self, value: Any) -> date | None:
        """Return the day. Raises ValidationError."""
        if isinstance(value, str) and not value.isascii():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


def day_field(label: Any, *, required: bool = True, least: date | None = None) -> forms.DateField:
    """Return the field of a day."""
    attrs = {"type": "date", "autocomplete": "off"} | ({"min": least.isoformat()} if least else {})
    widget = forms.DateInput(format="%Y-%m-%d", attrs=attrs)
    return DayField(label=label, required=required, widget=widget, input_formats=["%Y-%m-%d"])


def secret_field(label: Any, *, autocomplete: str, required: Any = "") -> forms.CharField:
    """Return the field of a password; `required` is what is said when it is left empty."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    errors = {"required": required} if required else None
    return forms.CharField(label=label, max_length=200, strip=False, widget=widget, error_messages=errors)


def _field(info: FieldInfo, schema: Mapping[str, Any]) -> forms.Field:
    """Return Django's field for one of a shape, with the same limits."""
    schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    required = info.is_required()
    match schema.get("format") or schema.get("type"):
        case "uuid":
            return forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
        case "date":
            return day_field("", required=required, least=_least_day(info))
        case "integer":
            least, most = schema.get("minimum"), schema.get("maximum")
            return forms.IntegerField(required=required, min_value=least, max_value=most)
        case "boolean":
            return forms.BooleanField(required=False)
        case "string":
            text = forms.CharField(required=required, max_length=schema["maxLength"])
            text.widget.attrs["autocomplete"] = "off"
            return text
    if isinstance(info.annotation, type) and issubclass(info.annotation, Choices):
        return forms.ChoiceField(required=required, choices=info.annotation.choices)
    raise TypeError(f"no field is known for {schema}: declare it")


def _least_day(info: FieldInfo) -> date | None:
    """Return the earliest day that a field takes, which no JSON schema can say."""
    inner = [one for part in get_args(info.annotation) for one in getattr(part, "__metadata__", ())]
    said_of = [*info.metadata, *(bound for one in inner for bound in getattr(one, "metadata", ()))]
    least = (getattr(one, "ge", None) for one in said_of)
    return next((bound for bound in least if isinstance(bound, date)), None)
