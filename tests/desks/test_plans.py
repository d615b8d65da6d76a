"""Who is on a desk follows from its plan: dated and weekly shifts, exchanges, deputies."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.desks.models import Desk, Shift
from backend.desks.queries.desks import desk_out
from backend.desks.queries.plans import plan_of
from backend.desks.queries.turns import overlap_of, turns_of, uncovered
from backend.desks.schemas import ShiftIn
from backend.desks.services import shifts
from backend.desks.services.desks import DeskMissing, NoDeskHere, end_desk, keep_desk
from backend.desks.services.shifts import (
    ShiftIdTaken,
    ShiftsOverlap,
    TooManyShifts,
    add_shift,
    remove_shift,
)
from backend.lib.errors import Invalid, NotFound
from backend.volunteers.models import Membership, Unit, Volunteer
from tests.conftest import Formation, MakeVolunteer, Published, Race
from tests.desks.conftest import PHONE
from tests.desks.plans import HOUR, number, once, planned, wanted, weekly

DAY = timedelta(days=1)
CHINA = ZoneInfo("Asia/Shanghai")


def on_desk(unit: Unit, at: datetime) -> str | None:
    """Return the name of who is on the desk."""
    now = desk_out(unit, at=at).now
    return now.name if now else None


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of March 2015 by clocks in China."""
    return datetime(2015, 3, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


def test_a_dated_shift_counts_from_its_beginning_to_its_end(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, second, **once(at + HOUR, at + 3 * HOUR))

    assert [on_desk(unit, at + n * HOUR) for n in range(4)] == [None, "值班甲", "值班甲", None]
    shown = desk_out(unit, at=at + HOUR)
    assert shown.now is not None
    assert (shown.phone, shown.now.deputy_name, shown.now.until) == (PHONE, "值班乙", at + 3 * HOUR)
    assert desk_out(unit, at=at).next == shown.now


def test_a_weekly_shift_comes_again_by_the_clocks_of_the_unit_past_midnight(
    unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, **weekly(1, "20:00", "07:00", "2015-03-10", "2015-03-17"))

    nights = [3, 10, 17, 24]  # Tuesdays
    assert [on_desk(unit, local(day, 20)) for day in nights] == [None, "值班甲", "值班甲", None]
    assert [on_desk(unit, local(day + 1, 6, 59)) for day in nights] == [None, "值班甲", "值班甲", None]
    assert [on_desk(unit, local(11, *when)) for when in ((7, 0), (20, 0))] == [None, None]


def test_a_shift_of_a_whole_day_ends_when_it_began_the_day_before(
    unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, **weekly(1, "08:00", "08:00"))

    (turn,) = plan_of(unit, at=at).covered(local(10, 0), local(12, 0))
    assert (turn.from_at, turn.until_at) == (local(10, 8), local(11, 8))


def test_a_week_with_a_change_of_clocks_keeps_the_times_on_the_wall() -> None:
    zone = ZoneInfo("Europe/Berlin")
    shift = Shift(pk=uuid7(), weekday=5, from_minute=20 * 60, minutes=11 * 60, from_date=date(2015, 1, 1))

    (turn,) = turns_of(
        [shift], zone, datetime(2015, 3, 28, 12, tzinfo=UTC), datetime(2015, 3, 30, tzinfo=UTC)
    )

    assert turn.until_at.astimezone(zone).hour == 7
    assert turn.until_at - turn.from_at == 10 * HOUR


def test_an_exchange_counts_before_the_week_and_leaves_the_rest_of_the_night(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime
) -> None:
    planned(unit, chief, at, first, **weekly(1, "20:00", "07:00"))
    with pytest.raises(ShiftsOverlap):
        planned(unit, chief, at, second, **once(local(10, 22), local(11, 2)))

    planned(unit, chief, at, second, **once(local(10, 22), local(11, 2), before_week=True))

    hours = [local(10, 21), local(10, 22), local(11, 1), local(11, 2), local(17, 23)]
    assert [on_desk(unit, hour) for hour in hours] == ["值班甲", "值班乙", "值班乙", "值班甲", "值班甲"]


OVERLAPS = [
    (once(local(10, 8), local(10, 12)), once(local(10, 11), local(10, 13)), True),
    (once(local(10, 8), local(10, 12)), once(local(10, 12), local(10, 13)), False),
    (weekly(1, "20:00", "07:00"), weekly(2, "06:00", "08:00"), True),
    (weekly(1, "20:00", "07:00"), weekly(2, "07:00", "08:00"), False),
    (weekly(6, "20:00", "07:00"), weekly(0, "06:00", "08:00"), True),
    (
        weekly(1, "08:00", "12:00", "2015-03-01", "2015-03-10"),
        weekly(1, "08:00", "12:00", "2015-03-11"),
        False,
    ),
    (
        weekly(1, "08:00", "12:00", "2015-03-01", "2015-03-10"),
        weekly(1, "09:00", "10:00", "2015-03-10"),
        True,
    ),
    (
        weekly(1, "20:00", "07:00", "2015-03-01", "2015-03-10"),
        weekly(2, "06:00", "08:00", "2015-03-11"),
        True,
    ),
    (weekly(1, "08:00", "12:00"), weekly(1, "11:00", "13:00", "2018-01-01"), True),
    (weekly(1, "08:00", "12:00"), once(local(10, 11), local(10, 13)), True),
    (weekly(1, "08:00", "12:00"), once(local(11, 11), local(11, 13)), False),
    (once(local(10, 11), local(10, 13)), once(local(10, 12), local(10, 13), before_week=True), True),
    (weekly(1, "08:00", "12:00"), once(local(4, 0), local(18, 0)), True),
]


@pytest.mark.parametrize(("one", "other", "meet"), OVERLAPS)
@pytest.mark.parametrize("turned", [False, True])
def test_shifts_that_meet_are_refused_in_either_order(
    unit: Unit, chief: User, first: Volunteer, at: datetime, one: Any, other: Any, meet: bool, turned: bool
) -> None:
    earlier, later = (other, one) if turned else (one, other)
    stands = planned(unit, chief, at, first, **earlier)

    if not meet:
        planned(unit, chief, at, first, **later)
        assert Shift.objects.count() == 2
        return
    with pytest.raises(ShiftsOverlap) as refused:
        planned(unit, chief, at, first, **later)
    assert refused.value.members == {"shift": str(stands.pk)}
    assert list(Shift.objects.all()) == [stands]


MINUTES = st.integers(0, 1439)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), MINUTES, st.integers(1, 1440), st.integers(0, 40), st.integers(0, 40)),
        min_size=2,
        max_size=2,
    )
)
def test_weekly_shifts_overlap_just_where_their_turns_do(given: Any) -> None:
    start = date(2015, 3, 1)
    one, other = (
        Shift(
            pk=uuid7(),
            weekday=day,
            from_minute=minute,
            minutes=length,
            from_date=start + after * DAY,
            until_date=start + (after + lasting) * DAY,
        )
        for day, minute, length, after, lasting in given
    )
    since, until = local(1, 0) - 3 * DAY, local(1, 0) + 100 * DAY
    pairs = [
        (a, b)
        for a in turns_of([one], CHINA, since, until)
        for b in turns_of([other], CHINA, since, until)
        if a.meets(b.from_at, b.until_at)
    ]

    assert (overlap_of(one, [other], CHINA) is not None) == bool(pairs)


def test_what_is_uncovered_is_what_no_turn_lies_in(at: datetime) -> None:
    shifts = [
        Shift(pk=uuid7(), from_at=at + a * HOUR, until_at=at + b * HOUR) for a, b in ((2, 3), (3, 4), (6, 9))
    ]
    turns = turns_of(shifts, CHINA, at, at + 8 * HOUR)

    gaps = uncovered(turns, at, at + 8 * HOUR)

    assert gaps == [(at, at + 2 * HOUR), (at + 4 * HOUR, at + 6 * HOUR)]
    assert uncovered([], at, at + HOUR) == [(at, at + HOUR)]


@pytest.mark.parametrize("state", ["suspended", "retired", "closed", "elsewhere"])
def test_the_deputy_is_on_the_desk_when_the_first_person_cannot_be(
    unit: Unit,
    formation: Formation,
    chief: User,
    first: Volunteer,
    second: Volunteer,
    at: datetime,
    state: str,
) -> None:
    planned(unit, chief, at, first, second, **once(at, at + HOUR))
    match state:
        case "closed":
            User.objects.filter(volunteer=first).update(is_active=False)
        case "elsewhere":
            Membership.objects.filter(volunteer=first).update(unit=formation.squadron_c)
        case _:
            Volunteer.objects.filter(pk=first.pk).update(standing=state)

    now = desk_out(unit, at=at).now

    assert now is not None
    assert (now.name, now.by_deputy, now.deputy) == ("值班乙", True, None)


def test_the_same_shift_again_is_a_retry_and_other_content_is_refused(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, at: datetime
) -> None:
    body = wanted(first, **once(at, at + HOUR))
    new = add_shift(unit=unit, wanted=body, by=chief, at=at)
    lines = Entry.objects.count()

    again = add_shift(unit=unit, wanted=body, by=chief, at=at + 2 * HOUR)

    assert (new.is_new, again.is_new, again.row.pk) == (True, False, new.row.pk)
    with pytest.raises(ShiftIdTaken):
        add_shift(unit=unit, wanted=body.model_copy(update={"volunteer": number(second)}), by=chief, at=at)
    assert (Shift.objects.count(), Entry.objects.count()) == (1, lines)


@pytest.mark.parametrize("who", ["stranger", "of another brigade", "no such number", "suspended"])
@pytest.mark.parametrize("field", ["volunteer", "deputy"])
def test_a_person_who_does_not_fit_is_answered_like_one_there_is_not(
    unit: Unit,
    chief: User,
    first: Volunteer,
    stranger: User,
    outsider: User,
    at: datetime,
    who: str,
    field: str,
) -> None:
    suspended = {"suspended": first, "stranger": stranger.volunteer}.get(who, outsider.volunteer)
    if who == "suspended":
        Volunteer.objects.filter(pk=first.pk).update(standing="suspended")
    named = "10000005" if who == "no such number" else number(suspended)
    body = wanted(chief.volunteer, **once(at, at + HOUR)).model_copy(update={field: named})

    with pytest.raises(Invalid) as refused:
        add_shift(unit=unit, wanted=body, by=chief, at=at)

    assert refused.value.errors == [
        {
            "pointer": f"/{field}",
            "detail": "names no volunteer in service with a membership or post in this unit or below",
        }
    ]
    assert not Shift.objects.exists()


def test_a_person_is_not_the_deputy_of_themselves(
    unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    with pytest.raises(Invalid) as refused:
        planned(unit, chief, at, first, first, **once(at, at + HOUR))
    assert refused.value.errors[0]["pointer"] == "/deputy"


@pytest.mark.parametrize(
    "when",
    [
        once(datetime(2015, 3, 2, 12, tzinfo=UTC), datetime(2015, 3, 2, 16, tzinfo=UTC)),
        once(datetime(2016, 3, 10, tzinfo=UTC), datetime(2016, 3, 11, tzinfo=UTC)),
        weekly(1, "20:00", "07:00", "2015-02-01", "2015-03-02"),
    ],
)
def test_a_time_that_is_over_or_far_off_is_refused(
    unit: Unit, chief: User, first: Volunteer, at: datetime, when: Any
) -> None:
    with pytest.raises(Invalid):
        planned(unit, chief, at, first, **when)


@pytest.mark.parametrize(
    "when",
    [
        {},
        {**once(local(10, 8), local(10, 9)), **weekly(1, "08:00", "09:00")},
        once(local(10, 8), local(10, 8)),
        once(local(10, 8), local(10, 8) + 32 * DAY),
        weekly(7, "08:00", "09:00"),
        weekly(1, "24:00", "09:00"),
        weekly(1, "08:00", "09:00", "2015-03-02", "2015-03-01"),
        weekly(1, "08:00", "09:00", "1999-12-31"),
        {**once(local(10, 8), local(10, 9)), "note": "x"},
    ],
)
def test_a_misshapen_shift_is_refused(first: Volunteer, when: Any) -> None:
    with pytest.raises(ValueError, match="ShiftIn"):
        wanted(first, **when)


def test_a_plan_is_bounded(
    unit: Unit, chief: User, first: Volunteer, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shifts, "MOST_SHIFTS", 1)
    planned(unit, chief, at, first, **once(at, at + HOUR))
    with pytest.raises(TooManyShifts):
        planned(unit, chief, at, first, **once(at + HOUR, at + 2 * HOUR))

    planned(unit, chief, at + HOUR, first, **once(at + HOUR, at + 2 * HOUR))

    assert Shift.objects.count() == 2


def test_a_desk_is_kept_again_without_an_act_and_ends_with_its_plan(
    formation: Formation, chief: User, first: Volunteer, published: Published, at: datetime
) -> None:
    unit = formation.brigade
    for phone in (PHONE, PHONE, "057911112222"):
        keep_desk(unit=unit, phone=phone, by=chief, at=at)
    planned(unit, chief, at, first, **once(at + HOUR, at + 2 * HOUR))

    for _again in range(2):
        end_desk(unit=unit, by=chief, at=at)

    assert not Desk.objects.exists()
    assert not Shift.objects.exists()
    acts = Entry.objects.filter(act__startswith="desk.").order_by("pk").values_list("act", "post")
    post = f"leader@{unit.number}"
    assert list(acts) == [("desk.changed", post), ("desk.changed", post), ("desk.ended", post)]
    told = published(unit.topic, "desk.changed")
    assert [data for _, _, data in told] == [{"unit": unit.number}] * 3


def test_squadrons_and_partners_have_no_desk(
    formation: Formation, chief: User, first: Volunteer, at: datetime
) -> None:
    with pytest.raises(NoDeskHere):
        keep_desk(unit=formation.squadron_a, phone=PHONE, by=chief, at=at)
    with pytest.raises(NoDeskHere):
        planned(formation.squadron_a, chief, at, first, **once(at, at + HOUR))
    with pytest.raises(DeskMissing):
        planned(formation.brigade, chief, at, first, **once(at, at + HOUR))


def test_only_those_who_manage_the_unit_edit_its_plan(
    unit: Unit,
    leader: User,
    sibling_leader: User,
    stranger: User,
    chief: User,
    first: Volunteer,
    at: datetime,
) -> None:
    shift = planned(unit, chief, at, first, **once(at, at + HOUR))
    for other in (leader, sibling_leader, stranger, first.user):
        with pytest.raises(NotFound):
            keep_desk(unit=unit, phone="057911112222", by=other, at=at)
        with pytest.raises(NotFound):
            end_desk(unit=unit, by=other, at=at)
        with pytest.raises(NotFound):
            planned(unit, other, at, first, **once(at + HOUR, at + 2 * HOUR))
        with pytest.raises(NotFound):
            remove_shift(unit=unit, shift_id=shift.pk, by=other, at=at)
    assert list(Shift.objects.all()) == [shift]


def test_a_shift_of_another_desk_cannot_be_removed_here(
    formation: Formation, unit: Unit, chief: User, commander: User, first: Volunteer, at: datetime
) -> None:
    Desk.objects.create(unit=formation.detachment, phone=PHONE, made_at=at)
    shift = planned(formation.detachment, commander, at, first, **once(at, at + HOUR))

    with pytest.raises(NotFound):
        remove_shift(unit=unit, shift_id=shift.pk, by=chief, at=at)

    assert Shift.objects.exists()


def test_the_unit_is_told_when_an_edit_changes_who_is_on_the_desk_and_then_alone(
    unit: Unit, chief: User, first: Volunteer, second: Volunteer, published: Published, at: datetime
) -> None:
    planned(unit, chief, at, first, **once(at + 5 * HOUR, at + 6 * HOUR))
    assert published(unit.topic, "desk.changed") == []

    now = planned(unit, chief, at, first, **once(at, at + HOUR))
    assert published(unit.topic, "desk.changed") == [(unit.topic, "desk.changed", {"unit": unit.number})]
    remove_shift(unit=unit, shift_id=now.pk, by=chief, at=at)

    assert len(published(unit.topic, "desk.changed")) == 2
    assert [line.act for line in Entry.objects.filter(act__startswith="shift.").order_by("pk")] == [
        "shift.added",
        "shift.added",
        "shift.removed",
    ]


@pytest.mark.postgres
def test_of_two_shifts_at_the_same_moment_that_meet_one_is_refused(
    race: Race,
    formation: Formation,
    unit: Unit,
    chief: User,
    first: Volunteer,
    second: Volunteer,
    at: datetime,
) -> None:
    bodies = [wanted(person, **once(at, at + HOUR)) for person in (first, second, first, second)]

    def add(body: ShiftIn) -> Callable[[], Any]:
        return lambda: add_shift(unit=unit, wanted=body, by=chief, at=at)

    results = race(*(add(body) for body in bodies))

    assert sorted(type(result).__name__ for result in results) == ["Made", *["ShiftsOverlap"] * 3]
    assert Shift.objects.count() == 1


@pytest.mark.postgres
def test_a_retry_at_the_same_moment_adds_one_shift(
    race: Race, unit: Unit, chief: User, first: Volunteer, at: datetime
) -> None:
    body = wanted(first, **once(at, at + HOUR))

    results = race(*[lambda: add_shift(unit=unit, wanted=body, by=chief, at=at)] * 3)

    assert sorted(result.is_new for result in results) == [False, False, True]


def test_reading_a_plan_costs_the_same_however_long_it_is(
    unit: Unit,
    chief: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
    django_assert_num_queries: Any,
) -> None:
    for n in range(3):
        person = make_volunteer(formation.squadron_a)
        planned(unit, chief, at, person, **once(at + n * HOUR, at + (n + 1) * HOUR))
        with django_assert_num_queries(4):
            plan_of(unit, at=at).now(at)


def test_over_rest(
    unit: Unit,
    chief: User,
    first: Volunteer,
    stranger: User,
    client_of: Callable[[User], APIClient],
    at: datetime,
) -> None:
    client, address = client_of(chief), f"/api/v1/units/{unit.number}/desk"
    days = datetime.now(UTC) + DAY
    body = {"id": str(uuid7()), "volunteer": number(first), **once(days, days + HOUR)}

    changed = client.put(address, {"phone": "0579 8888 1234"}, format="json")
    added = client.post(f"{address}/shifts", body, format="json")
    again = client.post(f"{address}/shifts", body, format="json")
    meets = client.post(f"{address}/shifts", body | {"id": str(uuid7())}, format="json")
    listed = client.get(f"{address}/shifts").json()
    shown = client.get(address).json()

    assert (changed.status_code, changed.json()["phone"]) == (200, shown["phone"])
    assert (added.status_code, again.status_code, meets.status_code) == (201, 200, 409)
    assert (meets.json()["type"], meets.json()["shift"]) == ("/problems/shifts-overlap", body["id"])
    assert listed == [added.json()] == [again.json()]
    assert (shown["now"], shown["next"]["volunteer"]) == (None, number(first))
    assert client_of(stranger).get(address).status_code == 404
    assert client_of(first.user).get(address).status_code == 200
    assert client.delete(f"{address}/shifts/{body['id']}").status_code == 204
    assert client.delete(f"{address}/shifts/{body['id']}").status_code == 404
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["phone"] is None
