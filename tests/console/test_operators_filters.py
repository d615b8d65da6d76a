"""Operators filter and sort by what their lists show, and learn nothing else of a row."""

from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import Field, Model
from django.test import Client, RequestFactory

from backend.accounts.models import User
from backend.volunteers.models import Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.pages import page_of

SITE = admin.site
LOOKUPS: tuple[str, ...] = (
    "",
    "exact",
    "iexact",
    "startswith",
    "istartswith",
    "contains",
    "icontains",
    "endswith",
    "regex",
)
LOOKUPS += ("lt", "lte", "gt", "gte", "in", "range", "isnull", "year", "date")


def columns(model: type[Model], depth: int = 2) -> Iterator[str]:
    """Yield every column of a model, and of what it leads to and what leads to it, by the names of lookups."""
    for field in model._meta.get_fields():
        name = field.name if isinstance(field, Field) else field.get_accessor_name() or field.name
        yield name
        if field.is_relation and field.related_model and depth > 1:
            yield from (f"{name}__{inner}" for inner in columns(field.related_model, depth - 1))


def offered(model: type[Model]) -> set[str]:
    names = [str(name) for name in SITE._registry[model].list_filter]
    return {f"{name}{part}" for name in names for part in ("", "__exact", "__isnull")}


def address(model: type[Model]) -> str:
    return f"/operators/{model._meta.app_label}/{model._meta.model_name}/"


@pytest.fixture
def operator(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> Client:
    person = make_volunteer(formation.squadron_a, name="管理员")
    call_command("operator", f"{person.number:08d}", stdout=StringIO())
    return page_of(User.objects.get(pk=person.user_id), at)


@pytest.mark.parametrize("model", SITE._registry, ids=lambda model: model.__name__)
def test_no_column_but_those_of_the_filters_is_looked_up(model: type[Model]) -> None:
    request, shown = RequestFactory().get("/"), SITE._registry[model]
    lookups = {f"{column}__{how}" if how else column for column in columns(model) for how in LOOKUPS}

    allowed = {lookup for lookup in lookups if shown.lookup_allowed(lookup, "x", request)}

    assert len(lookups) > 50
    assert allowed == offered(model)


@pytest.mark.parametrize("model", SITE._registry, ids=lambda model: model.__name__)
def test_the_list_refuses_every_other_column(model: type[Model], operator: Client) -> None:
    for column in columns(model, depth=1):
        for lookup in (column, f"{column}__startswith", f"{column}__isnull"):
            if lookup not in offered(model):
                assert operator.get(address(model), {lookup: "1"}).status_code == 400, lookup


@pytest.mark.parametrize("model", SITE._registry, ids=lambda model: model.__name__)
def test_the_filters_that_are_offered_work(model: type[Model], operator: Client) -> None:
    for lookup in offered(model):
        assert operator.get(address(model), {lookup: "0"}).status_code in (200, 302), lookup


@pytest.mark.parametrize(
    "query",
    [
        {"name__startswith": "王"},
        {"born_on__lt": "1990-01-01"},
        {"standing_reason__contains": "x"},
        {"id_card_key__isnull": "0"},
        {"user__phone_key": "x"},
        {"memberships__name__startswith": "王"},
        {"standing_since__year": "2026"},
    ],
    ids=str,
)
def test_nothing_is_learnt_of_a_person_by_their_number(
    query: dict[str, str], operator: Client, volunteer: User
) -> None:
    number = f"{volunteer.volunteer.number:08d}"

    for asked in ({"q": number, **query}, {"number": number, **query}):
        assert operator.get("/operators/volunteers/volunteer/", asked).status_code == 400


@pytest.mark.parametrize("model", SITE._registry, ids=lambda model: model.__name__)
def test_rows_are_named_by_their_key_alone(model: type[Model], operator: Client) -> None:
    shown = SITE._registry[model]
    key = model._meta.pk
    assert key is not None
    for column in set(columns(model, depth=1)) - {key.name}:
        for query in ({"_to_field": column}, {"_popup": "1", "_to_field": column}):
            assert operator.get(address(model), query).status_code == 400, column
        assert not shown.to_field_allowed(RequestFactory().get("/"), column)


def test_a_person_is_not_found_by_another_column(operator: Client, volunteer: User) -> None:
    name = volunteer.volunteer.name

    answer = operator.get(f"/operators/volunteers/volunteer/{name}/change/", {"_to_field": "name"})

    assert answer.status_code == 400


@pytest.mark.parametrize("order", ["name", "-name", "born_on", "99", "-99", "name.number", "1.name"])
def test_lists_are_sorted_by_shown_columns_alone(
    order: str, operator: Client, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    for name in ("丙", "甲", "乙"):
        make_volunteer(formation.squadron_a, name=name)

    def rows(query: dict[str, Any]) -> list[int]:
        listed = operator.get("/operators/volunteers/volunteer/", query)
        assert listed.status_code == 200
        return [row.pk for row in listed.context["cl"].result_list]

    by_number = sorted(Volunteer.objects.values_list("number", "pk"))
    assert rows({"o": order}) in (rows({}), [pk for _, pk in by_number])
    assert rows({"o": "0"}) == [pk for _, pk in by_number]


def test_no_list_is_sorted_or_searched_by_what_it_does_not_show() -> None:
    """A column that sorts by something else than it shows would tell the order of names."""
    numbers = {
        "=number",
        "=volunteer__number",
        "=user__volunteer__number",
        "=unit__number",
        "=subject",
        "=id",
    }
    for model, shown in SITE._registry.items():
        sorts = [
            getattr(getattr(shown, str(name), None), "admin_order_field", None) for name in shown.list_display
        ]
        assert not any(sorts), model
        assert set(shown.search_fields) <= numbers | {"display_name__startswith"}, model
        assert shown.date_hierarchy is None
