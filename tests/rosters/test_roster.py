"""Rosters: who is on them, found by number, name and phone, page by page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.lib.errors import Invalid, NotAllowed
from backend.lib.readings import sound_of
from backend.rosters.queries import roster
from backend.rosters.queries.roster import roster_page
from backend.tracking.models import LatestPosition
from backend.volunteers import due, services
from backend.volunteers.models import Membership, Role, Standing, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.services.roster import refresh_roster, roster_fields
from tests.conftest import Formation, MakeVolunteer, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def numbers(page: Any) -> list[str]:
    return [row.number for row in page.items]


def number_of(*people: Volunteer | User) -> list[str]:
    return [f"{(one if isinstance(one, Volunteer) else one.volunteer).number:08d}" for one in people]


def test_roster_lists_the_subtree_unit_by_unit_with_masked_phones(
    commander: User, leader: User, volunteer: User, outsider: User, formation: Formation, at: datetime
) -> None:
    page = roster_page(formation.detachment, by=commander, at=at)

    assert numbers(page) == number_of(commander, leader, volunteer, outsider)
    assert [row.unit_name for row in page.items] == ["浦江县", "文溪社区", "文溪社区", "桂花明堂村"]
    assert [row.role for row in page.items] == ["commander", "leader", None, None]
    assert page.items[2].phone == f"{volunteer.phone[:3]}****{volunteer.phone[-4:]}"
    assert page.next is None


@pytest.mark.parametrize("written", ["{number}", "{spaced}"])
def test_search_finds_a_number_however_it_is_written(
    commander: User, volunteer: User, formation: Formation, at: datetime, written: str
) -> None:
    number = volunteer.volunteer.number
    search = written.format(number=number, spaced=format_volunteer_number(number))

    assert numbers(roster_page(formation.detachment, by=commander, at=at, search=search)) == number_of(
        volunteer
    )
    assert roster_page(formation.other_brigade, by=commander, at=at, search=search).items == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("王", [0, 1]),
        ("王秀", [0]),
        ("wang", [0, 1]),
        ("WangXiu", [0]),
        ("wang xiu", [0]),
        ("wxl", [0]),
        ("w", [0, 1, 2]),
        ("秀", []),
        ("xiu", []),
        ("12345678", []),
        ("!", []),
        ("%", []),
        ("王%", []),
        ("王\0", [0, 1]),
        ("　王\u200b秀", [0]),
        ("１２", []),
        ("·", []),
    ],
)
def test_search_finds_beginnings_of_names(
    commander: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
    search: str,
    found: list[int],
) -> None:
    people = [
        make_volunteer(unit, name=name)
        for unit, name in (
            (formation.squadron_a, "王秀兰"),
            (formation.squadron_b, "王建国"),
            (formation.squadron_c, "Walter Ng"),
            (formation.squadron_c, "张三"),
        )
    ]
    wanted = number_of(*(people[n] for n in found))

    for unit in (formation.detachment, formation.headquarters):
        assert numbers(roster_page(unit, by=commander, at=at, search=search)) == wanted


def test_search_above_the_counties_finds_those_who_belong_there(
    make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    above = make_volunteer(formation.corps, name="王秀兰")

    page = roster_page(formation.headquarters, by=above.user, at=at, search="wang")

    assert numbers(page) == number_of(above)


def test_end_of_a_phone_is_for_those_who_manage_the_unit(
    leader: User, volunteer: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)
    tail = volunteer.phone[-4:]

    page = roster_page(formation.squadron_a, by=leader, at=at, search=tail)

    assert numbers(page) == number_of(volunteer)
    with pytest.raises(NotAllowed):
        roster_page(formation.squadron_a, by=dispatcher.user, at=at, search=tail)


def test_a_new_phone_is_found_by_its_end(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    volunteer.phone = "13912349876"
    volunteer.save()

    assert numbers(roster_page(formation.squadron_a, by=leader, at=at, search="9876")) == number_of(volunteer)


def test_pages_go_on_where_the_one_before_ended(
    leader: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roster, "PAGE", 2)
    units = [formation.squadron_b, formation.squadron_a, formation.squadron_c, formation.squadron_a]
    for unit in units:
        make_volunteer(unit)
    whole = [
        f"{n:08d}"
        for n in Membership.objects.order_by("unit_path", "pk").values_list("volunteer__number", flat=True)
    ]

    pages, after = [], ""
    while True:
        page = roster_page(formation.headquarters, by=leader, at=at, after=after)
        pages.append(numbers(page))
        if page.next is None:
            break
        after = page.next

    assert [len(one) for one in pages] == [2, 2, 1]
    assert [number for one in pages for number in one] == whole


@pytest.mark.parametrize("after", ["nonsense", "MDAwMTow", "é", "MDAwMTox!", "A" * 399])
def test_cursor_of_no_page_is_refused(leader: User, formation: Formation, at: datetime, after: str) -> None:
    with pytest.raises(Invalid):
        roster_page(formation.squadron_a, by=leader, at=at, after=after)


def test_cursor_of_another_unit_is_refused(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    cursor = roster._cursor(Membership.objects.get(volunteer__user=volunteer))

    assert roster_page(formation.squadron_a, by=leader, at=at, after=cursor).items == []
    with pytest.raises(Invalid):
        roster_page(formation.squadron_c, by=leader, at=at, after=cursor)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_takes_the_same_queries_for_one_row_and_three(
    commander: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    django_assert_num_queries: Callable[..., Any],
    at: datetime,
    rows: int,
) -> None:
    for unit in (formation.squadron_a, formation.squadron_b, formation.squadron_c)[:rows]:
        make_volunteer(unit, name="李四")

    with django_assert_num_queries(10):
        page = roster_page(formation.detachment, by=commander, at=at, search="李")

    assert len(page.items) == rows


def test_state_tells_duty_and_whether_anybody_can_be_reached(
    leader: User, make_volunteer: MakeVolunteer, client_of: ClientOf, formation: Formation, at: datetime
) -> None:
    signed_in, out, silent = (make_volunteer(formation.squadron_a, on_duty=on) for on in (True, False, True))
    for person in (signed_in, out):
        client_of(person.user)
    old = Device.objects.create(
        pk=uuid7(), user=silent.user, platform="web", created_at=at, last_seen_at=at - timedelta(days=31)
    )

    rows = {row.number: row for row in roster_page(formation.squadron_a, by=leader, at=at).items}

    found = [rows[number] for number in number_of(signed_in, out, silent, leader)]
    assert [row.state for row in found] == ["on_duty", "off_duty", "unreachable", "unreachable"]
    assert [row.on_duty for row in found] == [True, False, True, False]
    assert [row.channels for row in found] == [1, 1, 0, 0]
    assert [row.last_seen_at for row in found] == [at, at, old.last_seen_at, None]


def test_last_seen_is_the_newest_of_devices_and_positions(
    leader: User, volunteer: User, client_of: ClientOf, formation: Formation, at: datetime
) -> None:
    client_of(volunteer)
    moment = at + timedelta(minutes=3)
    LatestPosition.objects.create(
        person=volunteer.volunteer.number, scope="", at=moment, received_at=moment, lon=119.9, lat=29.4
    )

    row = roster_page(formation.squadron_a, by=leader, at=at).items[1]

    assert row.last_seen_at == moment


@pytest.mark.parametrize("on_duty", [True, False])
def test_roster_can_be_of_those_on_duty_alone(
    leader: User,
    volunteer: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
    on_duty: bool,
) -> None:
    over = make_volunteer(formation.squadron_a)
    Volunteer.objects.filter(pk=over.pk).update(duty_until=at)

    page = roster_page(formation.squadron_a, by=leader, at=at, on_duty=on_duty)

    assert numbers(page) == (number_of(volunteer) if on_duty else number_of(leader, over))


def test_those_who_have_left_are_on_no_roster(
    leader: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    retired, closed, suspended = (make_volunteer(formation.squadron_a) for _ in range(3))
    Volunteer.objects.filter(pk=retired.pk).update(standing=Standing.RETIRED)
    Volunteer.objects.filter(pk=suspended.pk).update(standing=Standing.SUSPENDED)
    User.objects.filter(pk=closed.user_id).update(is_active=False)

    page = roster_page(formation.squadron_a, by=leader, at=at)

    assert numbers(page) == number_of(leader, suspended)
    assert page.items[1].standing == "suspended"


def test_a_new_name_is_found_after_refreshing(
    leader: User, volunteer: User, outsider: User, formation: Formation, at: datetime
) -> None:
    Volunteer.objects.update(name="欧阳娜娜")

    assert refresh_roster(volunteers=[volunteer.volunteer.pk]) == 1
    assert refresh_roster(volunteers=[volunteer.volunteer.pk]) == 0

    assert numbers(roster_page(formation.headquarters, by=leader, at=at, search="oynn")) == number_of(
        volunteer
    )


def test_memberships_made_without_are_filled_in_by_the_clock(
    leader: User, volunteer: User, stranger: User, formation: Formation, at: datetime
) -> None:
    Membership.objects.create(volunteer=stranger.volunteer, unit=formation.squadron_a)
    assert numbers(roster_page(formation.squadron_a, by=leader, at=at, search="mosheng")) == []

    assert due.fill_roster_gaps(at=at) == 1
    assert due.fill_roster_gaps(at=at) == 0

    assert numbers(roster_page(formation.squadron_a, by=leader, at=at, search="mosheng")) == number_of(
        stranger
    )


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("王秀兰", "wangxiulan", "wxl"),
        ("吕布", "lvbu", "lb"),
        ("Anna O'Neil", "annaoneil", "annaoneil"),
        ("", "", ""),
        ("王" * 80, "wang" * 20, "w" * 20),
    ],
)
def test_names_are_known_by_their_sound(name: str, pinyin: str, initials: str) -> None:
    assert sound_of(name) == (pinyin, initials)


def test_roster_fields_of_a_unit_above_the_counties_have_its_own_path() -> None:
    assert roster_fields("王", "00010001")["county"] == "00010001"
    assert roster_fields("王", "00010001000100010001")["county"] == "000100010001"


def test_door_is_for_those_who_dispatch_the_unit(
    leader: User, volunteer: User, stranger: User, outsider: User, formation: Formation, client_of: ClientOf
) -> None:
    address = f"/api/v1/units/{formation.squadron_a.number}/roster"

    page = client_of(leader).get(address, {"search": "王", "on_duty": "true"}).json()

    assert [row["name"] for row in page["items"]] == ["王大妈"]
    assert client_of(leader).get(address, {"on_duty": "perhaps"}).status_code == 422
    assert client_of(leader).get(address, {"search": "王" * 41}).status_code == 422
    for who in (volunteer, stranger, outsider):
        assert client_of(who).get(address).status_code == 404
