"""What a partner shares: by itself its contact and head-count, until its own leader says otherwise."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.badges.models import Badge
from backend.badges.queries import badges_in
from backend.lib.errors import NotFound
from backend.partners.models import Shares, Sharing
from backend.partners.schemas import SharingIn
from backend.partners.services import choose_sharing
from backend.volunteers import services
from backend.volunteers.models import Post, Role, Standing, Unit, UnitKind
from backend.volunteers.queries.units import counts_of, dispatched_units
from backend.volunteers.rules import may_manage, may_oversee, may_see_person
from backend.volunteers.schemas.formation import SplitIn, UnitIn
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.posts import give_post
from backend.volunteers.services.standing import retire, suspend
from backend.volunteers.services.units import (
    PeopleKept,
    create_unit,
    merge_units,
    move_unit,
    retire_unit,
    split_unit,
)
from tests.conftest import Formation, MakeVolunteer, Published, SignedInClient, posted
from tests.partners.conftest import Team

ClientOf = Callable[[User], SignedInClient]


def share(team: Team, shares: Shares, at: datetime, **contact: str) -> None:
    wanted = SharingIn(shares=shares, **contact)
    choose_sharing(unit=team.unit, wanted=wanted, by=team.head.user, at=at)
    team.unit.refresh_from_db()


def roster_of(client: SignedInClient, unit: Unit) -> set[str]:
    return {row["name"] for row in client.get(f"/api/v1/units/{unit.number}/roster").json()["items"]}


def names(team: Team) -> set[str]:
    return {person.name for person in team.people}


# --- from its first leader on ---------------------------------------------------------------------------------------


def test_a_new_partner_is_open_until_it_has_a_leader(
    formation: Formation, chief: User, make_volunteer: MakeVolunteer, at: datetime, published: Published
) -> None:
    """Those above have brought its first people in, and must appoint one of them."""
    wanted = UnitIn(parent=formation.brigade.number, name="公羊队", partner_kind="rescue")
    unit = create_unit(wanted=wanted, parent=formation.brigade, by=chief, at=at)
    head = make_volunteer(unit, on_duty=False)
    assert may_see_person(chief, head, at)
    assert not Sharing.objects.exists()

    first = PostIn.model_validate({"volunteer": f"{head.number:08d}", "role": "leader"})
    post = give_post(unit=unit, wanted=first, by=chief, at=at).row

    unit.refresh_from_db()
    assert unit.closed_depth == unit.depth
    assert not may_see_person(chief, head, at)
    assert not may_manage(chief, unit, at)
    assert may_oversee(chief, unit, at)
    assert may_see_person(head.user, head, at)
    assert published(unit.topic, "sharing.changed") == [
        (unit.topic, "sharing.changed", {"unit": unit.number, "shares": "contact"})
    ]
    assert Entry.objects.filter(act="sharing.begun").count() == 1
    again = give_post(unit=unit, wanted=first, by=chief, at=at)
    assert (again.row.pk, again.is_new) == (post.pk, False)


def test_a_post_without_rights_over_others_begins_nothing(
    formation: Formation, chief: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    wanted = UnitIn(parent=formation.brigade.number, name="公羊队", partner_kind="rescue")
    unit = create_unit(wanted=wanted, parent=formation.brigade, by=chief, at=at)
    posted(make_volunteer(unit), Role.DISPATCHER, at)

    unit.refresh_from_db()
    assert unit.closed_depth == 0


def test_a_squadron_s_first_leader_closes_nothing(leader: User, formation: Formation, at: datetime) -> None:
    formation.squadron_a.refresh_from_db()

    assert leader.volunteer.posts.exists()
    assert formation.squadron_a.closed_depth == 0
    assert not Sharing.objects.exists()


def test_those_above_appoint_no_second_leader(team: Team, chief: User, at: datetime) -> None:
    other = PostIn.model_validate({"volunteer": f"{team.members[0].number:08d}", "role": "deputy"})

    with pytest.raises(NotFound):
        give_post(unit=team.unit, wanted=other, by=chief, at=at)


def test_those_above_appoint_a_leader_anew_when_it_has_none(
    team: Team, chief: User, volunteer: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    """By the number of a member, or of a person whom they see; no other number leads anywhere."""
    outside = make_volunteer(None)
    Post.objects.filter(unit=team.unit).update(until_at=at)

    def lead(number: int) -> PostIn:
        return PostIn.model_validate({"volunteer": f"{number:08d}", "role": "leader"})

    with pytest.raises(NotFound):
        give_post(unit=team.unit, wanted=lead(outside.number), by=chief, at=at)
    given = give_post(unit=team.unit, wanted=lead(team.members[0].number), by=chief, at=at)

    assert given.is_new
    assert not may_see_person(chief, team.members[1], at)
    with pytest.raises(NotFound):
        give_post(unit=team.unit, wanted=lead(team.members[1].number), by=chief, at=at)


def test_a_suspended_leader_opens_nothing(team: Team, chief: User, at: datetime) -> None:
    """The post rests, and is not gone: otherwise those above could see all by suspending one."""
    suspend(number=f"{team.head.number:08d}", reason="x", by=chief, at=at)
    other = PostIn.model_validate({"volunteer": f"{team.members[0].number:08d}", "role": "leader"})

    with pytest.raises(NotFound):
        give_post(unit=team.unit, wanted=other, by=chief, at=at)
    assert not may_see_person(chief, team.members[0], at)


# --- choosing -------------------------------------------------------------------------------------------------------


def test_only_its_own_leaders_choose(
    team: Team,
    chief: User,
    commander: User,
    sibling_leader: User,
    stranger: User,
    make_volunteer: MakeVolunteer,
    client_of: ClientOf,
    at: datetime,
) -> None:
    dispatcher = posted(make_volunteer(team.unit), Role.DISPATCHER, at)
    address = f"/api/v1/units/{team.unit.number}/sharing"
    body = {"shares": "all"}

    for user in (chief, commander, sibling_leader, stranger, dispatcher, team.members[0].user):
        assert client_of(user).put(address, body, format="json").status_code == 404
    assert Sharing.objects.get().shares == "contact"
    assert client_of(team.head.user).put(address, body, format="json").json()["shares"] == "all"


def test_those_who_oversee_it_read_what_it_shares(
    team: Team, chief: User, commander: User, sibling_leader: User, stranger: User, client_of: ClientOf
) -> None:
    address = f"/api/v1/units/{team.unit.number}/sharing"

    for user in (sibling_leader, stranger, team.members[0].user):
        assert client_of(user).get(address).status_code == 404
    for user in (chief, commander, team.head.user):
        assert client_of(user).get(address).json() == {
            "unit": team.unit.number,
            "shares": "contact",
            "contact": {
                "name": team.head.name,
                "phone": team.head.user.phone,
                "volunteer": f"{team.head.number:08d}",
            },
            "members": 3,
            "employees": 0,
            "chosen_at": None,
        }
    assert team.head.looks.filter(what="phone").count() == 2


def test_a_named_contact_stands_in_the_leader_s_place(
    team: Team, chief: User, client_of: ClientOf, at: datetime
) -> None:
    share(team, Shares.CONTACT, at, contact_name="值班室", contact_phone="057988887777")

    shown = client_of(chief).get(f"/api/v1/units/{team.unit.number}/sharing").json()

    assert shown["contact"] == {"name": "值班室", "phone": "057988887777", "volunteer": None}


def test_sharing_all_opens_every_door_and_closing_shuts_them_again(
    team: Team, chief: User, formation: Formation, client_of: ClientOf, at: datetime, published: Published
) -> None:
    client = client_of(chief)
    assert not names(team) & roster_of(client, formation.brigade)
    assert client.get(f"/api/v1/units/{team.unit.number}/roster").status_code == 404

    share(team, Shares.ALL, at)
    assert names(team) <= roster_of(client, formation.brigade)
    assert roster_of(client, team.unit) == names(team)
    share(team, Shares.CONTACT, at)
    assert not names(team) & roster_of(client, formation.brigade)

    told = [data["shares"] for _, _, data in published(team.unit.topic, "sharing.changed")]
    assert told == ["contact", "all", "contact"]
    assert [entry.details["shares"] for entry in Entry.objects.filter(act="sharing.chosen")] == [
        "all",
        "contact",
    ]


def test_the_same_choice_again_changes_nothing(team: Team, at: datetime, published: Published) -> None:
    share(team, Shares.ALL, at)
    before = len(published())

    share(team, Shares.ALL, at + timedelta(minutes=1))

    assert len(published()) == before
    assert Sharing.objects.get().chosen_at == at


def test_a_repeated_request_is_answered_by_what_is_shared_now(
    team: Team, client_of: ClientOf, at: datetime
) -> None:
    client, key = client_of(team.head.user), str(uuid7())
    address = f"/api/v1/units/{team.unit.number}/sharing"

    first, again = (
        client.put(address, {"shares": "all"}, format="json", HTTP_IDEMPOTENCY_KEY=key) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert Entry.objects.filter(act="sharing.chosen").count() == 1
    Post.objects.filter(unit=team.unit).update(until_at=at)
    late = client.put(address, {"shares": "all"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert late.status_code == 404, "the post is over"


@pytest.mark.parametrize("contact", [{"contact_name": "值班室"}, {"contact_phone": "057988887777"}])
def test_a_contact_has_a_name_and_a_phone(team: Team, client_of: ClientOf, contact: dict[str, str]) -> None:
    answer = client_of(team.head.user).put(
        f"/api/v1/units/{team.unit.number}/sharing", {"shares": "all", **contact}, format="json"
    )

    assert answer.status_code == 422


def test_a_squadron_has_nothing_to_choose(leader: User, formation: Formation, client_of: ClientOf) -> None:
    address = f"/api/v1/units/{formation.squadron_a.number}/sharing"

    assert client_of(leader).get(address).status_code == 404
    assert client_of(leader).put(address, {"shares": "all"}, format="json").status_code == 404


# --- what was there before ------------------------------------------------------------------------------------------


def test_a_partner_that_was_there_keeps_its_view_until_it_chooses(
    formation: Formation, chief: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    """Its row is the migration's: a leader who comes later begins nothing."""
    wanted = UnitIn(parent=formation.brigade.number, name="老队", partner_kind="rescue")
    unit = create_unit(wanted=wanted, parent=formation.brigade, by=chief, at=at)
    Sharing.objects.create(unit=unit, shares=Shares.ALL)
    head, member = make_volunteer(unit), make_volunteer(unit)
    posted(head, Role.LEADER, at)

    assert may_see_person(chief, member, at)
    wanted_sharing = SharingIn(shares=Shares.CONTACT)
    choose_sharing(unit=unit, wanted=wanted_sharing, by=head.user, at=at)
    assert not may_see_person(chief, member, at)


def test_the_migration_gives_partners_that_are_there_all(
    formation: Formation, chief: User, at: datetime
) -> None:
    wanted = UnitIn(parent=formation.detachment.number, name="老队", partner_kind="rescue")
    top = create_unit(wanted=wanted, parent=formation.detachment, by=_over(formation, at), at=at)
    below = UnitIn(parent=top.number, name="老队一组", partner_kind="rescue")
    create_unit(wanted=below, parent=top, by=_over(formation, at), at=at)
    migration = import_module("backend.partners.migrations.0002_partners_share_as_before")

    migration.share_as_before(apps, None)
    migration.share_as_before(apps, None)

    assert list(Sharing.objects.values_list("unit", "shares", "chosen_at")) == [(top.pk, "all", None)]


def _over(formation: Formation, at: datetime) -> User:
    """Return somebody who looks after the whole force."""
    held = Post.objects.filter(unit=formation.headquarters).select_related("volunteer__user").first()
    if held is not None:
        return held.volunteer.user
    person = services.create_volunteer(
        name="总指挥", phone="13911112222", password="x" * 12, units=[formation.headquarters], by=None, at=at
    )
    services.appoint(volunteer=person, unit=formation.headquarters, role=Role.COMMANDER, by=None, at=at)
    return person.user


def test_printed_badges_of_a_unit_above_leave_its_people_out(
    team: Team, formation: Formation, volunteer: User, at: datetime
) -> None:
    """A sheet is a picture: the walk of all doors reads no names in it."""
    for person in (team.members[0], volunteer.volunteer):
        Badge.objects.create(
            pk=uuid7(),
            volunteer=person,
            unit=person.memberships.get().unit,
            issued_at=at,
            valid_until=at + timedelta(days=9),
        )

    def printed(unit: Unit) -> list[int]:
        return [badge.volunteer_id for badge in badges_in(unit, at=at, limit=9)]

    assert printed(formation.brigade) == [volunteer.volunteer.pk]
    assert printed(team.unit) == [team.members[0].pk]


# --- what those above keep ------------------------------------------------------------------------------------------


def test_counts_stay_exact(team: Team, chief: User, formation: Formation, client_of: ClientOf) -> None:
    client = client_of(chief)

    shown = client.get(f"/api/v1/units/{team.unit.number}").json()
    children = client.get(f"/api/v1/units/{formation.brigade.number}/children").json()

    assert (shown["members"], shown["on_duty"]) == (3, 2)
    assert {one["unit"]["number"]: one["members"] for one in children}[team.unit.number] == 3
    assert counts_of(formation.brigade).members == 4


def test_those_above_suspend_by_number_and_do_no_more(team: Team, chief: User, at: datetime) -> None:
    number = f"{team.members[0].number:08d}"

    assert suspend(number=number, reason="x", by=chief, at=at).standing == Standing.SUSPENDED
    with pytest.raises(NotFound):
        retire(number=number, by=chief, at=at)
    with pytest.raises(NotFound):
        leave_unit(number=number, unit=team.unit, by=chief, at=at)


def test_those_above_move_and_retire_it(
    team: Team, commander: User, formation: Formation, at: datetime
) -> None:
    moved = move_unit(unit=team.unit, parent=formation.other_brigade, by=commander, at=at)
    assert moved.closed_depth == moved.depth
    assert not may_see_person(commander, team.members[0], at)
    wanted = UnitIn(parent=formation.other_brigade.number, name="空队", partner_kind="rescue")
    empty = create_unit(wanted=wanted, parent=formation.other_brigade, by=commander, at=at)
    Sharing.objects.create(unit=empty, shares=Shares.CONTACT)

    retire_unit(unit=empty, successor=moved, by=commander, at=at)

    assert Unit.objects.get(pk=empty.pk).is_retired


def test_no_merge_or_split_shows_its_people(
    team: Team, commander: User, formation: Formation, at: datetime
) -> None:
    wanted = UnitIn(parent=formation.brigade.number, name="开放队", partner_kind="rescue")
    open_one = create_unit(wanted=wanted, parent=formation.brigade, by=commander, at=at)

    with pytest.raises(PeopleKept):
        merge_units(unit=team.unit, successor=open_one, by=commander, at=at)
    with pytest.raises(NotFound):
        split_unit(
            unit=team.unit,
            wanted=SplitIn(name="半队", members=[f"{team.members[0].number:08d}"]),
            by=commander,
            at=at,
        )
    merge_units(unit=open_one, successor=team.unit, by=commander, at=at)
    assert not may_see_person(commander, team.members[0], at)


# --- below it, and beside -------------------------------------------------------------------------------------------


def test_what_stands_below_follows_it(
    formation: Formation, commander: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    wanted = UnitIn(parent=formation.detachment.number, name="保安公司", partner_kind="security_service")
    top = create_unit(wanted=wanted, parent=formation.detachment, by=commander, at=at)
    head = make_volunteer(top, on_duty=False)
    early = create_unit(
        wanted=UnitIn(parent=top.number, name="一班", partner_kind="security_service"),
        parent=top,
        by=commander,
        at=at,
    )
    posted(head, Role.LEADER, at)
    top.refresh_from_db()
    late = create_unit(
        wanted=UnitIn(parent=top.number, name="二班", partner_kind="security_service"),
        parent=top,
        by=head.user,
        at=at,
    )

    for unit in (early, late):
        guard = make_volunteer(unit)
        assert not may_see_person(commander, guard, at)
        assert may_see_person(head.user, guard, at)
        unit.refresh_from_db()
        assert unit.closed_depth == top.depth
        assert not may_oversee(guard.user, unit, at)
    choose_sharing(unit=top, wanted=SharingIn(shares=Shares.ALL), by=head.user, at=at)
    assert set(Unit.objects.filter(kind=UnitKind.PARTNER).values_list("closed_depth", flat=True)) == {0}


def test_a_person_who_belongs_elsewhere_too_is_seen_there(
    team: Team, leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    """By that membership, and by no post above the partner alone."""
    both = team.members[0]
    both.memberships.create(unit=formation.squadron_a)

    assert may_see_person(leader, both, at)
    assert not may_see_person(leader, team.members[1], at)


def test_a_post_in_the_partner_counts_beside_one_above(
    team: Team, chief: User, formation: Formation, at: datetime
) -> None:
    services.appoint(volunteer=chief.volunteer, unit=team.unit, role=Role.DEPUTY, by=None, at=at)

    assert dispatched_units(chief.pk, at=at) == [formation.brigade, team.unit]
    assert may_see_person(chief, team.members[0], at)
