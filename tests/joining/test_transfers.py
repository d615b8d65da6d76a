"""Volunteers change units: the number stays, the seat does not, both leaders see it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.badges.services import issue_badge
from backend.joining.models import Transfer
from backend.joining.queries import transfers_for
from backend.joining.schemas import TransferIn
from backend.joining.services import transfers
from backend.joining.services.transfers import (
    AlreadyMember,
    TooManyUnits,
    TransferIdTaken,
    TransferOver,
    TransferProposedAlready,
)
from backend.lib.errors import NotFound, TooMany
from backend.realtime.models import Event
from backend.volunteers import services
from backend.volunteers.models import Membership, Post, Role, Unit
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.services import memberships
from backend.volunteers.services.memberships import NotMember
from backend.volunteers.services.seats import next_seats, take_seat
from tests.conftest import Formation, MakeVolunteer, Published, Race


def wanted(person: User, before: Unit, after: Unit, **more: Any) -> TransferIn:
    """Return a transfer as a client sends it."""
    number = f"{person.volunteer.number:08d}"
    return TransferIn(
        id=uuid7(), volunteer=number, from_unit=before.number, to_unit=after.number, **more
    )  # fmt: skip


def propose(person: User, before: Unit, after: Unit, by: User, at: datetime, **more: Any) -> Transfer:
    return transfers.propose_transfer(wanted=wanted(person, before, after, **more), by=by, at=at)


def units_of(user: User) -> dict[str, bool]:
    """Return the units somebody belongs to, and whether each is the primary one."""
    return dict(Membership.objects.filter(volunteer__user=user).values_list("unit__number", "is_primary"))


def test_a_transfer_keeps_the_number_and_gives_a_new_seat(
    formation: Formation, leader: User, sibling_leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    take_seat(volunteer=make_volunteer(None), unit=b, is_primary=True, at=at)
    person = make_volunteer(None)
    take_seat(volunteer=person, unit=a, is_primary=True, at=at)
    services.appoint(volunteer=person, unit=a, role=Role.DISPATCHER, by=None, at=at)
    number = person.number

    proposed = propose(person.user, a, b, leader, at)
    assert (proposed.status, proposed.waits_for) == ("proposed", "receiving")
    assert units_of(person.user) == {a.number: True}
    done = transfers.accept_transfer(transfer_id=proposed.pk, by=sibling_leader, at=at)

    assert done.status == "done"
    person.refresh_from_db()
    assert person.number == number
    membership = Membership.objects.get(volunteer=person)
    assert (membership.unit, membership.is_primary, membership.seat) == (b, True, 3)
    assert Post.objects.get(volunteer=person).until_at == at
    line = Entry.objects.get(act="transfer.done")
    assert line.post == f"leader@{b.number}"


@pytest.mark.parametrize("end", ["accept", "decline", "withdraw", "at once"])
def test_nothing_waits_when_a_transfer_is_over(
    formation: Formation,
    leader: User,
    sibling_leader: User,
    commander: User,
    volunteer: User,
    published: Published,
    at: datetime,
    end: str,
) -> None:
    by = commander if end == "at once" else leader
    transfer = propose(volunteer, formation.squadron_a, formation.squadron_b, by, at)
    if end != "at once":
        assert [one.waits_for for one in transfers_for(volunteer, at=at)] == ["receiving"]
        acts: dict[str, tuple[Any, User]] = {
            "accept": (transfers.accept_transfer, sibling_leader),
            "decline": (transfers.decline_transfer, sibling_leader),
            "withdraw": (transfers.withdraw_transfer, leader),
        }
        act, who = acts[end]
        act(transfer_id=transfer.pk, by=who, at=at)

    for user in (volunteer, commander):
        (told,) = transfers_for(user, at=at)
        assert (told.status != "proposed", told.waits_for, told.decided_at) == (True, None, at)
    assert published(type="transfer.changed")[-1][2]["transfer"]["waits_for"] is None


def test_both_leaders_and_the_volunteer_are_told(
    formation: Formation, leader: User, sibling_leader: User, volunteer: User, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    proposed = propose(volunteer, a, b, leader, at)
    transfers.accept_transfer(transfer_id=proposed.pk, by=sibling_leader, at=at)

    told = {
        (
            event.topic_id,
            str(event.audience and event.audience.get("numbers")),
            event.data["transfer"]["status"],
        )
        for event in Event.objects.filter(type="transfer.changed")
    }
    assert told == {
        (topic, numbers, status)
        for status in ("proposed", "done")
        for topic, numbers in (
            (a.topic, str([leader.volunteer.number])),
            (b.topic, str([sibling_leader.volunteer.number])),
            (volunteer.volunteer.topic, "None"),
        )
    }
    assert volunteer.volunteer.name not in str(list(Event.objects.values_list("data", flat=True)))


def test_whoever_looks_after_both_units_does_it_at_once(
    formation: Formation, commander: User, volunteer: User, at: datetime
) -> None:
    done = propose(volunteer, formation.squadron_a, formation.squadron_c, commander, at)

    assert done.status == "done"
    assert units_of(volunteer) == {formation.squadron_c.number: True}


def test_a_volunteer_who_asks_waits_for_the_unit_that_takes_in(
    formation: Formation, leader: User, sibling_leader: User, volunteer: User, at: datetime
) -> None:
    proposed = propose(volunteer, formation.squadron_a, formation.squadron_b, volunteer, at)

    for other in (leader, volunteer):
        with pytest.raises(NotFound):
            transfers.accept_transfer(transfer_id=proposed.pk, by=other, at=at)
    assert transfers.accept_transfer(transfer_id=proposed.pk, by=sibling_leader, at=at).status == "done"


def test_whoever_asks_for_anothers_member_waits_for_that_unit_and_learns_no_name(
    formation: Formation, leader: User, sibling_leader: User, volunteer: User, at: datetime
) -> None:
    proposed = propose(volunteer, formation.squadron_a, formation.squadron_b, sibling_leader, at)

    with pytest.raises(NotFound):
        transfers.accept_transfer(transfer_id=proposed.pk, by=sibling_leader, at=at)
    (asked,) = transfers_for(sibling_leader, at=at)
    (releasing,) = transfers_for(leader, at=at)
    assert (asked.name, releasing.name) == ("", "王大妈")
    transfers.decline_transfer(transfer_id=proposed.pk, by=leader, at=at)
    assert transfers_for(sibling_leader, at=at)[0].name == ""
    assert units_of(volunteer) == {formation.squadron_a.number: True}


def test_who_belongs_to_another_unit_is_not_found_out_by_asking(
    formation: Formation, leader: User, sibling_leader: User, volunteer: User, at: datetime
) -> None:
    a, b, corps = formation.squadron_a, formation.squadron_b, formation.corps
    for _ in range(transfers.asked.at_once):
        with pytest.raises(NotFound):
            propose(volunteer, corps, b, sibling_leader, at)

    for unit in (a, corps):
        with pytest.raises(TooMany) as refused:
            propose(volunteer, unit, b, sibling_leader, at)
        assert 0 < refused.value.retry_after_s <= 120

    assert propose(sibling_leader, b, a, sibling_leader, at).status == "proposed"
    assert propose(volunteer, a, b, leader, at).status == "proposed"


def test_a_list_of_transfers_costs_the_same_however_long_it_is(
    formation: Formation,
    sibling_leader: User,
    make_volunteer: MakeVolunteer,
    django_assert_num_queries: Any,
    at: datetime,
) -> None:
    for many in (1, 3):
        for _ in range(many):
            person = make_volunteer(formation.squadron_a).user
            propose(person, formation.squadron_a, formation.squadron_b, sibling_leader, at)
        with django_assert_num_queries(2):
            transfers_for(sibling_leader, at=at)


def test_somebody_who_is_not_there_is_not_found(
    formation: Formation, sibling_leader: User, outsider: User, volunteer: User, at: datetime
) -> None:
    """Whoever guesses numbers and units gets one answer for all that is wrong."""
    for person, before in ((outsider, formation.squadron_a), (volunteer, formation.squadron_c)):
        with pytest.raises(NotFound):
            propose(person, before, formation.squadron_b, sibling_leader, at)


def test_whoever_looks_after_the_person_is_told_of_a_unit_that_is_not_theirs(
    formation: Formation, commander: User, leader: User, volunteer: User, at: datetime
) -> None:
    b, c, number = formation.squadron_b, formation.squadron_c, f"{volunteer.volunteer.number:08d}"

    with pytest.raises(NotMember):
        propose(volunteer, b, c, commander, at)
    with pytest.raises(NotMember):
        memberships.choose_primary(number=number, unit=b, by=commander, at=at)
    with pytest.raises(NotMember):
        memberships.leave_unit(number=number, unit=b, by=commander, at=at)
    for by in (leader, volunteer):  # neither sees that unit
        with pytest.raises(NotFound):
            propose(volunteer, b, formation.squadron_a, by, at)


def test_joining_a_second_unit_needs_the_volunteer(
    formation: Formation, sibling_leader: User, volunteer: User, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    proposed = propose(volunteer, a, b, sibling_leader, at, stays=True)

    assert proposed.waits_for == "volunteer"
    transfers.accept_transfer(transfer_id=proposed.pk, by=volunteer, at=at)
    assert units_of(volunteer) == {a.number: True, b.number: False}
    with pytest.raises(AlreadyMember):
        propose(volunteer, a, b, sibling_leader, at)

    memberships.choose_primary(number=f"{volunteer.volunteer.number:08d}", unit=b, by=volunteer, at=at)
    assert units_of(volunteer) == {a.number: False, b.number: True}
    memberships.leave_unit(number=f"{volunteer.volunteer.number:08d}", unit=b, by=volunteer, at=at)
    assert units_of(volunteer) == {a.number: True}


def test_units_of_a_volunteer_are_bounded(
    formation: Formation,
    commander: User,
    volunteer: User,
    sibling_leader: User,
    monkeypatch: pytest.MonkeyPatch,
    at: datetime,
) -> None:
    monkeypatch.setattr(transfers, "MOST_UNITS", 1)

    with pytest.raises(TooManyUnits):
        propose(volunteer, formation.squadron_a, formation.squadron_b, sibling_leader, at, stays=True)
    assert propose(volunteer, formation.squadron_a, formation.squadron_b, commander, at).status == "done"


def test_the_same_proposal_again_is_a_retry(
    formation: Formation, leader: User, volunteer: User, outsider: User, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    body = wanted(volunteer, a, b)

    first = transfers.propose_transfer(wanted=body, by=leader, at=at)
    assert transfers.propose_transfer(wanted=body, by=leader, at=at) == first
    other = body.model_copy(update={"to_unit": formation.squadron_c.number})
    with pytest.raises(TransferIdTaken):
        transfers.propose_transfer(wanted=other, by=leader, at=at)
    with pytest.raises(TransferProposedAlready):
        propose(volunteer, a, b, volunteer, at)


def test_a_transfer_that_was_done_at_once_can_be_sent_again(
    formation: Formation, commander: User, volunteer: User, outsider: User, at: datetime
) -> None:
    """Its answer may have been lost, and by then the person belongs to the unit no more."""
    a, b = formation.squadron_a, formation.squadron_b
    body = wanted(volunteer, a, b)

    first = transfers.propose_transfer(wanted=body, by=commander, at=at)
    assert (first.status, transfers.propose_transfer(wanted=body, by=commander, at=at)) == ("done", first)
    assert units_of(volunteer) == {b.number: True}

    assert propose(volunteer, b, a, commander, at).status == "done"  # and back: the first is still the first
    assert transfers.propose_transfer(wanted=body, by=commander, at=at) == first
    assert units_of(volunteer) == {a.number: True}
    with pytest.raises(NotFound):
        transfers.propose_transfer(wanted=body, by=outsider, at=at)


def test_a_withdrawn_transfer_is_over(
    formation: Formation, leader: User, sibling_leader: User, volunteer: User, at: datetime
) -> None:
    proposed = propose(volunteer, formation.squadron_a, formation.squadron_b, leader, at)

    with pytest.raises(NotFound):
        transfers.withdraw_transfer(transfer_id=proposed.pk, by=sibling_leader, at=at)
    transfers.withdraw_transfer(transfer_id=proposed.pk, by=volunteer, at=at)
    with pytest.raises(TransferOver):
        transfers.accept_transfer(transfer_id=proposed.pk, by=sibling_leader, at=at)


def test_a_deputy_does_not_send_the_leader_away(
    formation: Formation, leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    deputy = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)

    with pytest.raises(NotFound):
        propose(leader, formation.squadron_a, formation.squadron_b, deputy.user, at)
    number = f"{leader.volunteer.number:08d}"
    with pytest.raises(NotFound):
        memberships.leave_unit(number=number, unit=formation.squadron_a, by=deputy.user, at=at)


def test_leaving_the_primary_unit_leaves_the_oldest_other(
    formation: Formation, volunteer: User, leader: User, sibling_leader: User, at: datetime
) -> None:
    for unit in (formation.squadron_b, formation.squadron_c):
        Membership.objects.create(volunteer=volunteer.volunteer, unit=unit)
    number = f"{volunteer.volunteer.number:08d}"

    with pytest.raises(NotFound):
        memberships.leave_unit(number=number, unit=formation.squadron_a, by=sibling_leader, at=at)
    memberships.leave_unit(number=number, unit=formation.squadron_a, by=leader, at=at)

    assert units_of(volunteer) == {formation.squadron_b.number: True, formation.squadron_c.number: False}


def test_whoever_has_left_shows_no_badge_of_the_unit(
    formation: Formation, leader: User, volunteer: User, at: datetime
) -> None:
    """Also when the unit it names is not the primary one any more, and when the person belongs nowhere now."""
    person, a, b = volunteer.volunteer, formation.squadron_a, formation.squadron_b
    Membership.objects.create(volunteer=person, unit=b)
    badge = issue_badge(id=uuid7(), volunteer=person, by=leader, at=at)
    number = f"{person.number:08d}"
    memberships.choose_primary(number=number, unit=b, by=volunteer, at=at)

    memberships.leave_unit(number=number, unit=a, by=leader, at=at)

    badge.refresh_from_db()
    assert (badge.revoked_at, badge.reason) == (at, "left")


def test_seats_are_the_lowest_free_ones(
    formation: Formation, leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    unit = formation.squadron_a
    people = [take_seat(volunteer=make_volunteer(None), unit=unit, is_primary=True, at=at) for _ in range(3)]
    services.appoint(volunteer=people[0].volunteer, unit=unit, role=Role.DEPUTY, by=None, at=at)

    people[1].delete()

    assert [person.seat for person in people] == [2, 3, 4]
    assert Post.objects.get(role=Role.DEPUTY).seat == 5
    assert next_seats(unit, 3, at=at) == [3, 6, 7]


def test_two_transfers_at_once_leave_one_unit(
    formation: Formation, commander: User, volunteer: User, race: Race, at: datetime
) -> None:
    """One of them wins; to the others the volunteer is no longer there."""
    targets = (formation.squadron_b, formation.squadron_c, formation.brigade)

    results = race(
        *(lambda unit=unit: propose(volunteer, formation.squadron_a, unit, commander, at) for unit in targets)
    )

    done = [result for result in results if isinstance(result, Transfer)]
    assert len(done) == 1
    assert [type(result) for result in results if result not in done] == [NotMember, NotMember]
    assert units_of(volunteer) == {done[0].to_unit.number: True}


def test_seats_given_at_once_are_all_different(
    formation: Formation, commander: User, make_volunteer: MakeVolunteer, race: Race, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a) for _ in range(4)]
    others = [make_volunteer(None) for _ in range(2)]
    b = formation.squadron_b

    results = race(
        *(
            lambda person=person: propose(person.user, formation.squadron_a, b, commander, at)
            for person in people
        ),
        *(
            lambda person=person: services.appoint(volunteer=person, unit=b, role=Role.MEMBER, by=None, at=at)
            for person in others
        ),
    )

    assert [result for result in results if isinstance(result, Exception)] == []
    seats = [*b.memberships.values_list("seat", flat=True), *b.posts.values_list("seat", flat=True)]
    assert len(seats) == 6
    assert set(seats) == {2, 3, 4, 5, 6, 7}


def test_doors_of_transfers_answer(
    formation: Formation,
    leader: User,
    sibling_leader: User,
    volunteer: User,
    client_of: Callable[[User], APIClient],
) -> None:
    body = wanted(volunteer, formation.squadron_a, formation.squadron_b).model_dump(mode="json")
    client = client_of(leader)

    first = client.post("/api/v1/transfers", body, format="json")
    again = client.post("/api/v1/transfers", body, format="json")
    accepted = client_of(sibling_leader).post(f"/api/v1/transfers/{body['id']}/accept")

    assert (first.status_code, again.status_code, accepted.status_code) == (201, 200, 200)
    assert first.json() == again.json()
    assert (accepted.json()["status"], accepted.json()["name"]) == ("done", "王大妈")
    seat = client_of(volunteer).get("/api/v1/me").json()["memberships"][0]["seat"]
    assert seat == seat_text(formation.squadron_b, 2)
