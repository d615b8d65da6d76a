"""The page of a desk, and the unit's page that leads to it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils.translation import override
from uuid6 import uuid7

from backend.accounts.models import User
from backend.desks.models import Desk, HandOver, Shift
from backend.volunteers.models import AccessEntry, Unit, Volunteer
from tests.conftest import Formation
from tests.console.test_my_data import signed_in
from tests.desks.conftest import PHONE
from tests.desks.plans import HOUR, number, once, planned


def page_of(unit: Unit) -> str:
    return f"/units/{unit.number}/desk/"


def shown(client: Client, unit: Unit) -> str:
    return client.get(page_of(unit)).content.decode()


def clock(moment: datetime) -> str:
    """Return a moment as a form of a person in China sends it."""
    return f"{moment + 8 * HOUR:%Y-%m-%dT%H:%M}"


def test_a_leader_gives_a_telephone_plans_shifts_and_takes_them_out(
    formation: Formation, chief: User, first: Volunteer, second: Volunteer
) -> None:
    unit, client, now = (
        formation.brigade,
        signed_in(chief),
        datetime.now(UTC).replace(second=0, microsecond=0),
    )
    people = {"volunteer": number(first), "deputy": number(second)}
    times = {"from_at": clock(now), "until_at": clock(now + HOUR)}
    week = {
        "weekday": "2",
        "start": "20:00",
        "end": "07:00",
        "from_date": f"{now + timedelta(days=30):%Y-%m-%d}",
    }
    sent = [
        {"act": "keep-desk", "phone": PHONE},
        {"act": "add-once", "id": str(uuid7()), **people, **times},
        {"act": "add-weekly", "id": str(uuid7()), **people, **week},
    ]

    for form in sent:
        answered = client.post(page_of(unit), form)
        assert (answered.status_code, answered.headers.get("Location")) == (302, page_of(unit))

    text = shown(client, unit)
    assert "值班甲" in text
    assert f"tel:{PHONE}" in text
    dated = Shift.objects.get(weekday=None)
    assert (dated.from_at, dated.until_at, dated.deputy) == (now, now + HOUR, second)
    weekly = Shift.objects.get(weekday=2)
    assert (weekly.from_minute, weekly.minutes, weekly.until_date) == (20 * 60, 11 * 60, None)
    assert client.post(f"{page_of(unit)}shifts/{weekly.pk}/").status_code == 302
    assert client.post(page_of(unit), {"act": "end-desk"}).status_code == 302
    assert (Shift.objects.exists(), Desk.objects.exists()) == (False, False)
    assert AccessEntry.objects.filter(viewer=chief, subject=first).exists()


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"volunteer": "10000005"}, "Look at the numbers and times"),
        ({"until_at": "2015-03-03T10:00"}, "Look at the numbers and times"),
        ({"before_week": ""}, "Another shift of this desk takes place in some of these hours."),
    ],
)
def test_what_is_refused_is_said_and_what_was_typed_stays(
    unit: Unit, chief: User, first: Volunteer, wrong: dict[str, str], text: str
) -> None:
    now = datetime.now(UTC)
    planned(unit, chief, now, first, **once(now, now + HOUR))
    times = {"from_at": clock(now), "until_at": clock(now + HOUR)}
    form = {"act": "add-once", "id": str(uuid7()), "volunteer": number(first), **times, **wrong}

    answered = signed_in(chief).post(page_of(unit), form)

    assert answered.status_code in (409, 422)
    assert text in answered.content.decode()
    assert f'value="{form["volunteer"]}"' in answered.content.decode()
    assert Shift.objects.count() == 1


def test_the_people_of_the_plan_hand_over_on_the_page(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer
) -> None:
    now = datetime.now(UTC)
    planned(unit, chief, now, first, **once(now - HOUR, now + HOUR))
    planned(unit, chief, now, second, **once(now + HOUR, now + 2 * HOUR))
    giver, taker = signed_in(first.user), signed_in(second.user)

    form = {"act": "give", "id": str(uuid7()), "matters": "一号桥封路\r\n\r\n  回电给街道 "}
    assert giver.post(page_of(unit), form).status_code == 302
    one = HandOver.objects.get()
    assert one.matters == ["一号桥封路", "回电给街道"]
    sign = f"{page_of(unit)}hand-overs/{one.pk}/"
    assert sign not in shown(giver, unit)
    assert sign in shown(taker, unit)
    assert "Add a shift" not in shown(taker, unit)
    assert taker.post(sign).status_code == 302
    assert HandOver.objects.get().taken_by == second
    assert "回电给街道" in shown(giver, unit)


def test_strangers_and_squadrons_have_no_page(
    formation: Formation, unit: Unit, chief: User, leader: User, stranger: User, first: Volunteer
) -> None:
    now = datetime.now(UTC)
    shift = planned(unit, chief, now, first, **once(now, now + HOUR))
    for other in (leader, stranger):
        client = signed_in(other)
        assert client.get(page_of(unit)).status_code == 404
        for address in ("", f"shifts/{shift.pk}/", f"hand-overs/{UUID(int=1)}/"):
            assert client.post(page_of(unit) + address, {"act": "end-desk"}).status_code == 404
    assert signed_in(chief).get(page_of(formation.squadron_a)).status_code == 404
    assert signed_in(chief).post(page_of(unit), {"act": "x"}).status_code == 404
    assert signed_in(first.user).post(page_of(unit), {"act": "end-desk"}).status_code == 404
    assert Shift.objects.exists()


def test_the_page_of_the_unit_shows_who_is_on_the_desk_in_both_languages(
    unit: Unit, formation: Formation, chief: User, leader: User, first: Volunteer
) -> None:
    now = datetime.now(UTC)
    client, address = signed_in(chief), f"/units/{unit.number}/"
    assert "Nobody is on the desk" in client.get(address).content.decode()
    planned(unit, chief, now, first, **once(now, now + HOUR))

    client.post("/language/", {"language": "zh-hans"})
    text = client.get(address).content.decode()

    assert f'href="{page_of(unit)}"' in text
    assert "当前值班" in text
    assert "值班甲" in text
    assert "值班" not in signed_in(leader).get(address).content.decode()
    assert (
        page_of(formation.squadron_a)
        not in client.get(f"/units/{formation.squadron_a.number}/").content.decode()
    )
    with override("zh-hans"):
        assert "添加每周班次" in shown(client, unit)
