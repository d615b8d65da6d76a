"""The doors and the page of what a roster that came again says otherwise."""

from datetime import datetime
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.corrections.models import Correction
from backend.joining.models import Transfer
from backend.rosters.models import RosterImport
from backend.volunteers.models import AccessEntry, LookedAt, Volunteer
from tests.conftest import Formation, MakeVolunteer
from tests.pages import page_of
from tests.rosters.files import Again, id_card, line

pytestmark = pytest.mark.usefixtures("imports_folder")


@pytest.fixture
def changed(again: Again, person: Volunteer, formation: Formation) -> RosterImport:
    """Bring in a roster with another name, phone and unit of the person, who is not known by that phone."""
    other = formation.squadron_b.number
    return again(line(person, name="王秀兰", phone="13900001111", card=id_card(), unit=other))


def address(batch: RosterImport, id: int | str = "") -> str:
    return f"/api/v1/imports/{batch.pk}/differences" + (f"/{id}" if id else "")


def test_the_list_is_counted_chosen_masked_and_noted(
    changed: RosterImport, person: Volunteer, commander: User, client_of: Any
) -> None:
    client = client_of(commander)

    found = client.get(address(changed)).json()
    names = client.get(address(changed), {"kind": "changed", "part": "name"}).json()

    assert {(one["kind"], one["part"], one["state"], one["count"]) for one in found["counts"]} == {
        ("changed", "name", "open", 1),
        ("changed", "phone", "open", 1),
        ("moved", "unit", "open", 1),
    }
    assert [item["part"] for item in names["items"]] == ["name"]
    assert (found["items"][0]["row"], found["items"][0]["volunteer"]) == (2, f"{person.number:08d}")
    assert "13900001111" not in str(found)
    assert AccessEntry.objects.filter(viewer=commander, subject=person, what=LookedAt.PROFILE).exists()


@pytest.mark.parametrize(
    "query", [{"kind": "all"}, {"part": "kind"}, {"after": "-1"}, {"after": "9" * 19}, {"else": "1"}]
)
def test_a_wrong_question_is_refused(
    changed: RosterImport, commander: User, client_of: Any, query: dict[str, str]
) -> None:
    assert client_of(commander).get(address(changed), query).status_code == 422


def test_the_list_is_turned_page_by_page(
    again: Again,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    commander: User,
    client_of: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backend.rosters.queries.differences.PAGE", 2)
    people = [make_volunteer(formation.squadron_a) for _ in range(5)]
    batch = again(*(line(one, name=f"志愿甲{n}") for n, one in enumerate(people)))
    client, rows = client_of(commander), []
    after: int | None = 0

    while after is not None:
        page = client.get(address(batch), {"after": after, "kind": "changed"}).json()
        rows += [item["row"] for item in page["items"]]
        after = page["next"]

    assert rows == [2, 3, 4, 5, 6]


def test_one_is_taken_once_whatever_is_repeated(
    changed: RosterImport, commander: User, client_of: Any
) -> None:
    client, id = client_of(commander), changed.differences.get(part="name").pk

    first = client.post(address(changed, id), {"decision": "take"}, format="json")
    again_ = client.post(address(changed, id), {"decision": "take"}, format="json")
    too_late = client.post(address(changed, id), {"decision": "leave"}, format="json")

    assert [answer.json()["state"] for answer in (first, again_, too_late)] == ["taken"] * 3
    assert Correction.objects.count() == 1


def test_all_under_one_key_are_taken_in_one_act_and_a_retry_does_nothing(
    changed: RosterImport, commander: User, client_of: Any
) -> None:
    client, key = client_of(commander), {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}

    first = client.post(address(changed), {"decision": "take"}, format="json", **key)
    retry = client.post(address(changed), {"decision": "take"}, format="json", **key)

    assert first.json() == {"taken": 3, "left": 0, "overtaken": 0, "refused": 0, "next": None}
    assert retry.status_code == 200
    assert (Correction.objects.count(), Transfer.objects.count()) == (2, 1)


def test_what_is_no_difference_of_this_import_does_not_exist(
    changed: RosterImport, again: Again, person: Volunteer, commander: User, client_of: Any
) -> None:
    other = again(line(person, name="王秀珍"))
    client, id = client_of(commander), other.differences.get(part="name").pk

    assert client.post(address(changed, id), {"decision": "take"}, format="json").status_code == 404
    assert client.post(address(changed, 2**62), {"decision": "take"}, format="json").status_code == 404
    assert client.post(address(changed, 2**70), {"decision": "take"}, format="json").status_code == 404
    assert not Correction.objects.exists()


def test_a_person_of_a_unit_that_the_leader_does_not_look_after_is_hidden(
    again: Again, make_volunteer: MakeVolunteer, formation: Formation, leader: User, client_of: Any
) -> None:
    other = make_volunteer(formation.squadron_c)
    batch = again(line(other, name="志愿甲", unit=""), unit=formation.squadron_a)
    client, id = client_of(leader), batch.differences.get(part="name").pk

    assert client.get(address(batch), {"kind": "changed"}).json()["items"] == []
    assert client.post(address(batch, id), {"decision": "take"}, format="json").status_code == 404
    assert client.post(address(batch), {"decision": "take"}, format="json").json()["taken"] == 0


def test_ones_own_record_is_refused(again: Again, formation: Formation, leader: User, client_of: Any) -> None:
    batch = again(line(leader.volunteer, name="队长乙"), unit=formation.squadron_a)
    client, id = client_of(leader), batch.differences.get(part="name").pk

    assert client.post(address(batch, id), {"decision": "take"}, format="json").status_code == 403
    assert client.post(address(batch), {"decision": "take"}, format="json").json()["refused"] == 1
    assert not Correction.objects.exists()


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_shows_groups_and_takes_one_and_all(
    changed: RosterImport, person: Volunteer, commander: User, at: datetime
) -> None:
    client, path = page_of(commander, at), f"/imports/{changed.pk}/differences/"
    assert path in client.get(f"/imports/{changed.pk}/").content.decode()

    shown = client.get(path).content.decode()
    chosen = client.get(path, {"kind": "changed", "part": "name"}).content.decode()
    one = changed.differences.get(part="name").pk
    taken = client.post(f"{path}?kind=changed&part=name", {"act": "take", "difference": one})
    left = client.post(path, {"act": "leave", "kind": "changed", "part": "phone"})

    assert "王秀兰" in shown
    assert "139****1111" in shown
    assert "139****1111" not in chosen
    assert (taken.status_code, taken["Location"]) == (302, f"{path}?kind=changed&part=name")
    assert left.status_code == 302
    states = dict(changed.differences.exclude(kind="gone").values_list("part", "state"))
    assert states == {"name": "taken", "phone": "left", "unit": "open"}


def test_the_page_says_what_is_not_the_leaders_to_take(
    again: Again, formation: Formation, leader: User, at: datetime
) -> None:
    batch = again(line(leader.volunteer, name="队长乙"), unit=formation.squadron_a)
    client, path = page_of(leader, at), f"/imports/{batch.pk}/differences/"

    answer = client.post(path, {"act": "take", "kind": "changed"}, follow=True)

    assert "1 difference is not yours to take over" in answer.content.decode()


@pytest.mark.parametrize(
    "sent",
    [{"act": "take", "difference": "x"}, {"act": "take", "kind": "x"}, {"act": "take", "difference": 2**63}],
)
def test_the_page_refuses_what_no_form_of_it_sends(
    changed: RosterImport, commander: User, at: datetime, sent: dict[str, Any]
) -> None:
    assert page_of(commander, at).post(f"/imports/{changed.pk}/differences/", sent).status_code == 422


def test_the_page_is_closed_to_all_others(
    changed: RosterImport, leader: User, volunteer: User, stranger: User, at: datetime
) -> None:
    for caller in (leader, volunteer, stranger):
        client, path = page_of(caller, at), f"/imports/{changed.pk}/differences/"
        assert client.get(path).status_code == 404
        assert client.post(path, {"act": "take"}).status_code == 404
        assert page_of(caller, at).post(path, {"act": "burn"}).status_code == 404


def test_before_the_start_nothing_can_be_pressed(
    changed: RosterImport, commander: User, at: datetime
) -> None:
    RosterImport.objects.filter(pk=changed.pk).update(status="checked")
    client, path = page_of(commander, at), f"/imports/{changed.pk}/differences/"

    shown = client.get(path).content.decode()
    sent = client.post(path, {"act": "take"})

    assert "once the import was started" in shown
    assert 'value="take"' not in shown
    assert (sent.status_code, "look at its present state" in sent.content.decode()) == (422, True)
