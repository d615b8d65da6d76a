"""Kinds of partners are the operator's: those of the beginning, changed and added to by a command."""

from collections.abc import Callable
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.partners.models import DEFAULT_KINDS, Kind
from backend.partners.queries import is_in_use, kinds
from backend.partners.services import MOST_KINDS, set_kind
from backend.volunteers.models import Unit
from tests.conftest import Formation, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("partner_kind", *arguments, stdout=out)
    return out.getvalue()


def make(client: SignedInClient, formation: Formation, kind: str) -> int:
    body = {"parent": formation.brigade.number, "name": "新队", "partner_kind": kind}
    return int(client.post("/api/v1/units", body, format="json").status_code)


@pytest.mark.django_db
def test_an_installation_begins_with_those_of_the_seed() -> None:
    assert [kind.code for kind in kinds()] == [code for code, _, _ in DEFAULT_KINDS]
    assert {"militia", "school", "bureau", "medical", "council_of_worthies", "company"} < {
        kind.code for kind in kinds()
    }
    assert not Kind.objects.exists()


def test_all_who_are_signed_in_read_them_in_order(stranger: User, client_of: ClientOf, at: datetime) -> None:
    set_kind(code="fire_brigade", english="Fire brigade", chinese="消防队", position=15, at=at)
    set_kind(code="famous_team", in_use=False, at=at)

    shown = client_of(stranger).get("/api/v1/partner-kinds").json()

    assert shown[1] == {
        "code": "fire_brigade",
        "names": {"en": "Fire brigade", "zh-hans": "消防队"},
        "in_use": True,
    }
    assert [one["code"] for one in shown if not one["in_use"]] == ["famous_team"]


@pytest.mark.parametrize("kind", ["no_such_kind", "famous_team", "Rescue", "x" * 21, ""])
def test_a_unit_of_a_kind_that_is_not_in_use_is_not_made(
    formation: Formation, chief: User, client_of: ClientOf, at: datetime, kind: str
) -> None:
    set_kind(code="famous_team", in_use=False, at=at)
    before = Unit.objects.count()

    assert make(client_of(chief), formation, kind) == 422
    assert Unit.objects.count() == before


def test_a_kind_of_the_operator_s_is_as_good(
    formation: Formation, chief: User, client_of: ClientOf, at: datetime
) -> None:
    set_kind(code="fire_brigade", english="Fire brigade", chinese="消防队", at=at)

    client = client_of(chief)

    assert make(client, formation, "fire_brigade") == 201
    unit = Unit.objects.get(partner_code="fire_brigade")
    assert client.get(f"/api/v1/units/{unit.number}").json()["unit"]["partner_kind"] == "fire_brigade"
    assert unit.partner_kind == "", "the release reads ten kinds, and none besides"


def test_a_retry_after_the_kind_was_retired_is_answered_as_before(
    formation: Formation, chief: User, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(chief)
    assert make(client, formation, "rescue") == 201
    set_kind(code="rescue", in_use=False, at=at)

    assert make(client, formation, "rescue") == 201
    assert Unit.objects.filter(partner_code="rescue").count() == 1


@pytest.mark.django_db
def test_the_command_adds_changes_and_lists(at: datetime) -> None:
    assert "is changed" in command("fire_brigade", "--english", "Fire brigade", "--chinese", "消防队")
    assert "is as it was" in command("fire_brigade", "--english", "Fire brigade")
    assert "(not in use)" in command("rescue", "--retire")
    assert not is_in_use("rescue")
    assert "(not in use)" not in command("rescue", "--use")
    assert command().count("\n") == len(DEFAULT_KINDS) + 1

    lines = Entry.objects.filter(act="partner_kind.changed").order_by("pk")
    assert [(line.subject, line.details["is_new"]) for line in lines] == [
        ("partner_kind.fire_brigade", True),
        ("partner_kind.rescue", False),
        ("partner_kind.rescue", False),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ("new_one", "--english", "New"),
        ("New-One", "--english", "New", "--chinese", "新"),
        ("x" * 21, "--english", "New", "--chinese", "新"),
        ("new_one", "--english", "N" * 81, "--chinese", "新"),
        ("rescue", "--position", "-1"),
    ],
)
def test_what_is_no_kind_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        command(*arguments)
    assert not Kind.objects.exists()


@pytest.mark.django_db
def test_there_is_an_end_to_kinds() -> None:
    Kind.objects.bulk_create(
        Kind(code=f"kind_{n}", name_en="x", name_zh="x", position=n)
        for n in range(MOST_KINDS - len(DEFAULT_KINDS))
    )

    with pytest.raises(CommandError):
        command("one_more", "--english", "One more", "--chinese", "又一")
