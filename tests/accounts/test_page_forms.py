"""Forms of pages are made from the shapes of the doors: the same limits, and errors at their fields."""

from datetime import date
from typing import Annotated, Any

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import override
from pydantic import Field
from uuid6 import uuid7

from backend.accounts.pages.forms import DOES_NOT_FIT, PageForm, ShapeForm, act_page
from backend.lib.errors import Busy, Invalid, NotFound, Refusal
from backend.lib.shapes import ClientId, Line, Request
from backend.volunteers.models import CredentialKind
from backend.volunteers.schemas.fields import BirthDate, Name, PhoneOrNothing


class HelperIn(Request):
    """A person who helps."""

    id: ClientId
    name: Name
    phone: PhoneOrNothing = ""
    born_on: BirthDate | None = None
    hours: Annotated[int, Field(ge=1, le=12)]
    kind: CredentialKind = CredentialKind.TRAINING
    note: Annotated[str, Line(20)] = ""


class PhoneGone(Refusal):
    """The phone is gone."""

    slug = "phone-gone"
    text = "This phone is gone."
    field = "phone"


class HelperForm(ShapeForm[HelperIn]):
    shape = HelperIn
    labels = {name: name.title() for name in ("name", "phone", "born_on", "hours", "kind")}
    attrs = {"phone": {"type": "tel"}}


def sent(**changes: Any) -> HelperForm:
    return HelperForm({"id": str(uuid7()), "name": "赵六", "hours": "3", "kind": "training", **changes})


def test_a_form_has_the_limits_of_its_shape() -> None:
    drawn = str(HelperForm())

    assert '<input type="hidden" name="id" value="' in drawn
    assert '<input type="text" name="name" maxlength="80" autocomplete="off" required id="name">' in drawn
    assert '<input type="tel" name="phone" maxlength="40" autocomplete="off" id="phone">' in drawn
    assert 'type="date" name="born_on" autocomplete="off" min="1900-01-01"' in drawn
    assert 'min="1" max="12" required id="hours"' in drawn
    assert '<option value="insurance">' in drawn
    assert "note" not in drawn


def test_a_form_that_is_right_has_the_shape() -> None:
    form = sent(phone=" 138 0000 1234 ", born_on="1980-01-31", note="not asked for")

    assert form.is_valid()
    assert (form.problem, form.body.phone, form.body.born_on) == ("", "13800001234", date(1980, 1, 31))
    assert (form.body.hours, form.body.note) == (3, "")


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 81}, "name", "80"),
        ({"name": "=cmd"}, "name", "no name"),
        ({"phone": "12"}, "phone", "no phone number"),
        ({"born_on": "31.1.1980"}, "born_on", "valid date"),
        ({"born_on": "1800-01-01"}, "born_on", str(DOES_NOT_FIT)),
        ({"hours": "13"}, "hours", "12"),
        ({"kind": "licence"}, "kind", "Select"),
    ],
    ids=str,
)
def test_what_is_wrong_stands_at_its_field(changes: dict[str, str], field: str, says: str) -> None:
    form = sent(**changes)

    assert not form.is_valid()
    assert says in str(form.errors[field])
    assert form.problem == "Some fields are missing or wrong."
    drawn = form[field].as_field_group()
    assert f'aria-invalid="true" aria-describedby="{field}_error"' in drawn
    assert f'<div id="{field}_error"><p class="field-error">' in drawn
    with override("zh-hans"):
        assert "有的内容未填写或填写有误。" in sent(**changes).problem


def test_an_id_that_is_wrong_is_said_above_the_form() -> None:
    assert sent(id="7").problem == "Some fields are missing or wrong."


def answered(form: HelperForm, refusal: Refusal) -> HttpResponseBase:
    def act(_form: HelperForm) -> HttpResponse:
        raise refusal

    return act_page(form, act, lambda form: HttpResponse(form.problem, status=form.answered_with))


def test_a_refusal_is_said_at_the_field_that_it_is_about() -> None:
    form = sent(phone="13800001234")

    assert answered(form, PhoneGone()).status_code == 409
    assert form.errors == {"phone": ["This phone is gone."]}


def test_a_refusal_that_names_fields_is_said_there_and_any_other_above_the_form() -> None:
    named, unnamed = sent(), sent()

    answered(named, Invalid(errors=[{"pointer": "/born_on", "detail": "must not lie in the future"}]))
    answered(unnamed, Invalid(errors=[{"pointer": "/elsewhere", "detail": "is wrong"}]))

    assert named.errors == {"born_on": [str(DOES_NOT_FIT)]}
    assert unnamed.problem == "Some fields are missing or wrong."


@pytest.mark.parametrize("refusal", [NotFound(), Busy()], ids=str)
def test_what_is_hidden_and_a_busy_server_are_no_matter_of_a_form(refusal: Refusal) -> None:
    with pytest.raises(type(refusal)):
        answered(sent(), refusal)


def test_a_button_is_a_form_without_fields() -> None:
    def act(_form: PageForm) -> HttpResponse:
        return HttpResponse("done")

    assert (
        act_page(PageForm({}), act, lambda form: HttpResponse(status=form.answered_with)).status_code == 200
    )
