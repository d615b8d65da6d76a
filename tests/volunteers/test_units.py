"""Units are made, renamed, moved, split, merged and retired; a number resolves for ever."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.badges.services import issue_badge
from backend.joining.models import Application
from backend.joining.schemas import ApplicationIn, TransferIn
from backend.joining.services import applications
from backend.joining.services.transfers import propose_transfer
from backend.lib.divisions import Division
from backend.lib.errors import Invalid, NotFound, TooLarge
from backend.numbers.queries.blocks import block_with_numbers
from backend.numbers.services.number_blocks import issue_block, register_from_block, return_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.volunteers import queries, services, topics
from backend.volunteers.models import Membership, Role, Unit, UnitKind
from backend.volunteers.number_scheme import parse_unit_number
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import may_dispatch
from backend.volunteers.schemas.formation import SplitIn, UnitChange, UnitIn
from backend.volunteers.services import emblems, unit_numbers
from backend.volunteers.services import units as formation_services
from backend.volunteers.services.formation import load_formation
from backend.volunteers.services.people import appoint
from backend.volunteers.services.seats import UnitRetired
from backend.volunteers.services.standing import retire
from backend.volunteers.services.unit_numbers import UnitNumbersExhausted
from backend.volunteers.services.units import UnitNotEmpty, WrongPlace
from tests.conftest import Formation, MakeVolunteer, Published, Race
from tests.contract.full_force import picture


@pytest.fixture
def chief(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    """Make the commander at headquarters."""
    person = make_volunteer(formation.headquarters, on_duty=False)
    appoint(volunteer=person, unit=formation.headquarters, role=Role.COMMANDER, by=None, at=at)
    return person.user


def create(parent: Unit, by: User, at: datetime, **more: Any) -> Unit:
    wanted = UnitIn(parent=parent.number, **({"name": "新村"} | more))
    return formation_services.create_unit(wanted=wanted, parent=parent, by=by, at=at)


def check_tree() -> None:
    """Check that the tree is whole: treebeard finds no orphan, no wrong depth and no wrong count."""
    assert Unit.objects.find_problems() == ([], [], [], [], [])


@pytest.mark.parametrize(
    ("parent", "kind", "number"),
    [
        ("headquarters", UnitKind.CORPS, "12-00-00-000"),
        ("corps", UnitKind.DETACHMENT, "07-50-00-000"),
        ("detachment", UnitKind.BRIGADE, "07-26-03-000"),
        ("brigade", UnitKind.SQUADRON, "07-26-01-003"),
    ],
)
def test_a_unit_is_of_the_next_level_with_the_next_number(
    formation: Formation, chief: User, parent: str, kind: UnitKind, number: str, at: datetime
) -> None:
    above = getattr(formation, parent)

    unit = create(above, chief, at)

    assert (unit.kind, unit.number[:9]) == (kind, number.replace("-", ""))
    assert parse_unit_number(unit.number) == unit.number
    assert Unit.objects.get_parent(unit) == above
    assert create(above, chief, at) == unit
    assert Entry.objects.get(act="unit.created").post.startswith("commander@")
    check_tree()


FIRST_KINDS = (
    *("security_committee", "town_patrol", "security_service", "property", "enterprise", "village_patrol"),
    *("factory_guard", "school_guard", "rescue", "famous_team"),
)
"""The codes that the first version had: apps that people have installed send them."""


@pytest.mark.parametrize("kind", FIRST_KINDS)
def test_partner_organisations_have_numbers_of_their_own(
    formation: Formation, chief: User, kind: Any, at: datetime
) -> None:
    below_town = create(formation.brigade, chief, at, partner_kind=kind, brand_name="乌镇管家")
    below_county = create(formation.detachment, chief, at, partner_kind=kind)

    assert (below_town.kind, below_town.kind_of_partner, below_town.brand_name) == (
        "partner",
        kind,
        "乌镇管家",
    )
    assert below_town.number[:9] == "072601900"
    assert below_county.number[:9] == "072680000"


def test_nothing_stands_below_a_squadron(formation: Formation, chief: User, at: datetime) -> None:
    with pytest.raises(WrongPlace):
        create(formation.squadron_a, chief, at)
    with pytest.raises(WrongPlace):
        create(formation.squadron_a, chief, at, partner_kind="rescue")


def test_numbers_run_out(
    formation: Formation, chief: User, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    monkeypatch.setitem(unit_numbers._RANGES, UnitKind.SQUADRON, range(1, 3))

    with pytest.raises(UnitNumbersExhausted):
        create(formation.brigade, chief, at)


def test_renaming_is_told_to_the_unit(
    formation: Formation, leader: User, published: Published, at: datetime
) -> None:
    unit = formation.squadron_a
    wanted = UnitChange(brand_name="武林大妈")

    formation_services.change_unit(unit=unit, wanted=wanted, by=leader, at=at)
    formation_services.change_unit(unit=unit, wanted=wanted, by=leader, at=at)

    unit.refresh_from_db()
    assert (unit.display_name, unit.brand_name) == ("文溪社区", "武林大妈")
    assert [data["unit"]["brand_name"] for _, _, data in published(type="unit.changed")] == ["武林大妈"]
    with pytest.raises(NotFound):
        formation_services.change_unit(unit=formation.squadron_b, wanted=wanted, by=leader, at=at)


def test_a_unit_moves_with_all_below_it_and_keeps_its_number(
    formation: Formation, chief: User, leader: User, commander: User, at: datetime
) -> None:
    other = create(formation.corps, chief, at)
    number = formation.brigade.number

    moved = formation_services.move_unit(unit=formation.brigade, parent=other, by=chief, at=at)

    assert moved.number == number
    squadron = Unit.objects.get(pk=formation.squadron_a.pk)
    assert squadron.path.startswith(moved.path)
    assert moved.path.startswith(Unit.objects.get(pk=other.pk).path)
    assert not may_dispatch(commander, squadron, at)
    assert may_dispatch(leader, squadron, at)
    check_tree()


def test_a_unit_moves_only_where_its_kind_stands(
    formation: Formation, chief: User, commander: User, leader: User, at: datetime
) -> None:
    for parent in (formation.corps, formation.squadron_b, formation.brigade):
        with pytest.raises(WrongPlace):
            formation_services.move_unit(unit=formation.brigade, parent=parent, by=chief, at=at)
    for by in (leader,):
        with pytest.raises(NotFound):
            formation_services.move_unit(
                unit=formation.squadron_a, parent=formation.other_brigade, by=by, at=at
            )


def test_splitting_puts_the_named_beside(
    formation: Formation, commander: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    stays, goes, other = (
        make_volunteer(formation.squadron_a),
        make_volunteer(formation.squadron_a),
        make_volunteer(formation.squadron_b),
    )
    services.appoint(volunteer=goes, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)
    wanted = SplitIn(name="文溪新村", members=[f"{goes.number:08d}"])

    new = formation_services.split_unit(unit=formation.squadron_a, wanted=wanted, by=commander, at=at)
    again = formation_services.split_unit(unit=formation.squadron_a, wanted=wanted, by=commander, at=at)

    assert new == again
    assert (new.kind, new.number[:9]) == (UnitKind.SQUADRON, "072601003")
    assert Membership.objects.get(volunteer=goes).unit == new
    assert Membership.objects.get(volunteer=goes).seat == 2
    assert Membership.objects.get(volunteer=stays).unit == formation.squadron_a
    assert not may_dispatch(goes.user, formation.squadron_a, at)
    with pytest.raises(Invalid) as refused:
        formation_services.split_unit(
            unit=formation.squadron_a,
            wanted=SplitIn(name="文溪东村", members=[f"{stays.number:08d}", f"{other.number:08d}"]),
            by=commander,
            at=at,
        )
    assert [error["pointer"] for error in refused.value.errors] == ["/members/1"]


def test_a_split_does_not_tell_whose_numbers_there_are(
    formation: Formation, commander: User, stranger: User, at: datetime
) -> None:
    free = next(number for number in (10000005, 10000013) if number != stranger.volunteer.number)
    for number in (stranger.volunteer.number, free):
        wanted = SplitIn(name="新村", members=[f"{number:08d}"])
        with pytest.raises(Invalid) as refused:
            formation_services.split_unit(unit=formation.squadron_a, wanted=wanted, by=commander, at=at)
        assert refused.value.errors == [{"pointer": "/members/0", "detail": "is no member of this unit"}]


def test_merging_brings_members_and_units_and_retires(
    formation: Formation,
    commander: User,
    leader: User,
    volunteer: User,
    published: Published,
    at: datetime,
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    Membership.objects.create(volunteer=volunteer.volunteer, unit=b)  # belongs to both

    merged = formation_services.merge_units(unit=a, successor=b, by=commander, at=at)

    assert merged == b
    assert Membership.objects.get(volunteer=volunteer.volunteer).is_primary
    assert set(Membership.objects.filter(unit=b).values_list("volunteer", flat=True)) == {
        leader.volunteer.pk,
        volunteer.volunteer.pk,
    }
    assert not may_dispatch(leader, a, at)
    told = published(a.topic, "unit.changed")[-1][2]
    assert (told["unit"]["number"], told["successor"]["number"]) == (a.number, b.number)
    assert not topics.may_join_unit(topics.principal_of_user(commander), a.number)
    counted = queries.counts_of_children(formation.brigade)
    assert [row.unit.number for row in counted] == [b.number]
    assert queries.counts_of(formation.brigade).children == 1
    check_tree()


def test_merging_brigades_brings_their_squadrons(
    formation: Formation, commander: User, leader: User, at: datetime
) -> None:
    formation_services.merge_units(
        unit=formation.brigade, successor=formation.other_brigade, by=commander, at=at
    )

    squadron = Unit.objects.get(pk=formation.squadron_a.pk)
    assert Unit.objects.get_parent(squadron) == formation.other_brigade
    assert may_dispatch(leader, squadron, at)
    assert Membership.objects.get(volunteer__user=leader).unit_path == squadron.path
    assert queries.counts_of(unit_by_number(formation.other_brigade.number)).members == 1
    check_tree()


def test_a_retired_number_resolves_through_every_successor(
    formation: Formation, commander: User, client_of: Callable[[User], APIClient], at: datetime
) -> None:
    a, b, c = formation.squadron_a, formation.squadron_b, formation.squadron_c
    formation_services.retire_unit(unit=a, successor=b, by=commander, at=at)
    formation_services.merge_units(unit=b, successor=c, by=commander, at=at)

    assert unit_by_number(a.number) == c
    body = client_of(commander).get(f"/api/v1/units/{a.number}").json()
    assert (body["unit"]["number"], body["successor_of"]) == (c.number, a.number)
    assert client_of(commander).get(f"/api/v1/units/{c.number}").json()["successor_of"] is None
    with pytest.raises(UnitRetired):
        formation_services.merge_units(unit=c, successor=a, by=commander, at=at)


def test_a_unit_does_not_follow_itself(formation: Formation, chief: User, at: datetime) -> None:
    for successor in (formation.brigade, formation.squadron_a):
        with pytest.raises(WrongPlace):
            formation_services.merge_units(unit=formation.brigade, successor=successor, by=chief, at=at)


def test_only_an_empty_unit_is_retired_without_merging(
    formation: Formation, commander: User, volunteer: User, at: datetime
) -> None:
    for unit, successor in (
        (formation.squadron_a, formation.squadron_b),
        (formation.other_brigade, formation.brigade),
    ):
        with pytest.raises(UnitNotEmpty):
            formation_services.retire_unit(unit=unit, successor=successor, by=commander, at=at)


def test_applications_wait_on_in_the_successor(formation: Formation, commander: User, at: datetime) -> None:
    body = {
        "id": "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5a",
        "unit": formation.squadron_a.number,
        "name": "赵",
        "phone": "13900000001",
    }
    applications.apply(wanted=ApplicationIn.model_validate(body), address="", at=at)

    formation_services.merge_units(
        unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at
    )

    assert Application.objects.get().unit == formation.squadron_b


def test_numbers_that_were_given_out_on_paper_are_registered_with_the_successor(
    formation: Formation, commander: User, leader: User, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    block = issue_block(block_id=uuid7(), unit=a, size=2, by=leader, at=at)
    number = int(block_with_numbers(a, block.pk).numbers[0].number)

    formation_services.merge_units(unit=a, successor=b, by=commander, at=at)

    unit = unit_by_number(a.number)
    person = register_from_block(number=number, unit=unit, name="赵", by=commander, at=at)
    assert person.memberships.get().unit == b
    assert return_block(block_id=block.pk, unit=unit, by=commander, at=at).returned_at == at


def test_nobody_comes_into_a_unit_that_was_retired_meanwhile(
    formation: Formation, commander: User, leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    """Whoever has read the unit before waits for its lock, and must not go on with what was read."""
    person = make_volunteer(formation.squadron_b)
    formation_services.merge_units(
        unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at
    )

    for act in (
        lambda: register_walk_in(
            walk_in_id=uuid7(), unit=formation.squadron_a, name="赵", by=commander, at=at
        ),
        lambda: appoint(volunteer=person, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at),
    ):
        with pytest.raises(UnitRetired):
            act()


def test_a_badge_that_names_the_old_unit_ends_with_a_split(
    formation: Formation, commander: User, volunteer: User, at: datetime
) -> None:
    badge = issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=commander, at=at)

    wanted = SplitIn(name="新村", members=[f"{volunteer.volunteer.number:08d}"])
    formation_services.split_unit(unit=formation.squadron_a, wanted=wanted, by=commander, at=at)

    badge.refresh_from_db()
    assert (badge.revoked_at, badge.reason) == (at, "transferred")


def test_whoever_has_retired_gets_no_seat_by_a_merge(
    formation: Formation, commander: User, volunteer: User, at: datetime
) -> None:
    retire(number=f"{volunteer.volunteer.number:08d}", by=commander, at=at)

    formation_services.merge_units(
        unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at
    )

    membership = volunteer.volunteer.memberships.get()
    assert (membership.unit, membership.seat) == (formation.squadron_b, None)


@pytest.mark.postgres
def test_whoever_is_approved_while_the_unit_is_merged_comes_along(
    race: Race, formation: Formation, commander: User, leader: User, at: datetime
) -> None:
    """Both lock the application before the unit: neither waits for what the other holds."""
    wanted = {"id": str(uuid7()), "unit": formation.squadron_a.number, "name": "赵", "phone": "13900000001"}
    application = ApplicationIn.model_validate(wanted)
    applications.apply(wanted=application, address="", at=at)

    def approve() -> Application:
        with transaction.atomic():
            Application.objects.select_for_update().get()
            time.sleep(1)
            return applications.approve_application(application_id=application.id, by=leader, at=at)

    def merge() -> Unit:
        time.sleep(0.3)
        a, b = formation.squadron_a, formation.squadron_b
        return formation_services.merge_units(unit=a, successor=b, by=commander, at=at)

    approved, successor = race(approve, merge)

    assert successor == formation.squadron_b
    assert approved.volunteer.memberships.get().unit == successor


def test_transfers_of_a_unit_that_is_no_more_are_withdrawn_and_all_are_told(
    formation: Formation,
    commander: User,
    sibling_leader: User,
    outsider: User,
    published: Published,
    at: datetime,
) -> None:
    body = {"volunteer": f"{outsider.volunteer.number:08d}", "from_unit": formation.squadron_c.number}
    wanted = TransferIn.model_validate({"id": uuid7(), "to_unit": formation.squadron_b.number, **body})
    transfer = propose_transfer(wanted=wanted, by=outsider, at=at)

    formation_services.merge_units(
        unit=formation.squadron_b, successor=formation.squadron_a, by=commander, at=at
    )

    assert Entry.objects.get(act="transfer.withdrawn").subject == f"transfer.{transfer.pk}"
    told = published(outsider.volunteer.topic, "transfer.changed")[-1][2]
    assert told["transfer"]["status"] == "withdrawn"


@pytest.mark.parametrize("who", ["leader", "sibling_leader", "outsider", "stranger"])
def test_nobody_below_or_beside_reshapes(
    formation: Formation, request: pytest.FixtureRequest, who: str, at: datetime
) -> None:
    by = request.getfixturevalue(who)
    a, b = formation.squadron_a, formation.squadron_b

    for act in (
        lambda: formation_services.move_unit(unit=a, parent=formation.other_brigade, by=by, at=at),
        lambda: formation_services.split_unit(unit=a, wanted=SplitIn(name="新"), by=by, at=at),
        lambda: formation_services.merge_units(unit=a, successor=b, by=by, at=at),
        lambda: formation_services.retire_unit(unit=a, successor=b, by=by, at=at),
        lambda: create(formation.brigade, by, at),
    ):
        with pytest.raises(NotFound):
            act()
    check_tree()


def test_a_load_of_divisions_leaves_the_merged_merged(make_volunteer: MakeVolunteer, at: datetime) -> None:
    """The state's list may still know the division: it makes no new unit, and what is below goes to the successor."""
    divisions = [
        Division(code="330000000000", name="浙江省", level=0, parent_code=""),
        Division(code="330700000000", name="金华市", level=1, parent_code="330000000000"),
        Division(code="330726000000", name="浦江县", level=2, parent_code="330700000000"),
        Division(code="330726001000", name="浦阳街道", level=3, parent_code="330726000000"),
        Division(code="330726002000", name="仙华街道", level=3, parent_code="330726000000"),
        Division(code="330726001001", name="文溪社区居委会", level=4, parent_code="330726001000"),
    ]
    load_formation(divisions, places={}, at=at)
    old, new = (Unit.objects.get(division_code=f"33072600{n}000") for n in (1, 2))
    top = Unit.objects.get(depth=1)
    chief = make_volunteer(top)
    appoint(volunteer=chief, unit=top, role=Role.COMMANDER, by=None, at=at)
    formation_services.merge_units(unit=old, successor=new, by=chief.user, at=at)

    added = Division(code="330726001002", name="江滨社区居委会", level=4, parent_code="330726001000")
    changes = load_formation([*divisions, added], places={}, at=at)

    assert (changes.created, changes.moved) == (1, [])
    squadrons = Unit.objects.get_children(Unit.objects.get(pk=new.pk))
    assert [unit.display_name for unit in squadrons] == ["文溪社区", "江滨社区"]
    check_tree()


# --- emblems ------------------------------------------------------------------------------------------------------


def test_an_emblem_is_drawn_anew_and_bounded(formation: Formation, leader: User, at: datetime) -> None:
    upload = picture((1024, 600), "JPEG") + b"<script>what was hidden behind the picture</script>"

    emblem = emblems.set_emblem(unit=formation.squadron_a, upload=upload, by=leader, at=at)

    image = bytes(emblem.image)
    assert emblem.media_type == "image/jpeg"
    assert b"script" not in image
    assert len(image) <= emblems.MOST_BYTES


@pytest.mark.parametrize(
    "upload", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n", picture(format="GIF"), picture()[:40]]
)
def test_what_is_no_picture_is_refused(
    formation: Formation, leader: User, upload: bytes, at: datetime
) -> None:
    with pytest.raises(Invalid):
        emblems.set_emblem(unit=formation.squadron_a, upload=upload, by=leader, at=at)


def test_too_large_a_picture_is_refused(formation: Formation, leader: User, at: datetime) -> None:
    for upload in (b"x" * (emblems.MOST_BYTES + 1), picture((5_000, 4_000))):
        with pytest.raises(TooLarge):
            emblems.set_emblem(unit=formation.squadron_a, upload=upload, by=leader, at=at)


def test_emblems_are_served_with_a_tag(
    formation: Formation, leader: User, client_of: Callable[[User], APIClient]
) -> None:
    client, path = client_of(leader), f"/api/v1/units/{formation.squadron_a.number}/emblem"

    assert client.get(path).status_code == 404
    assert client.put(path, picture(), content_type="image/png").status_code == 204
    first = client.get(path)
    again = client.get(path, HTTP_IF_NONE_MATCH=first["ETag"])

    assert (first.status_code, first["Content-Type"]) == (200, "image/png")
    assert (again.status_code, again.content) == (304, b"")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


# --- at once ------------------------------------------------------------------------------------------------------


def test_units_made_at_once_have_different_numbers(
    formation: Formation, commander: User, race: Race, at: datetime
) -> None:
    results = race(
        *(lambda n=n: create(formation.brigade, commander, at, name=f"新村{n}") for n in range(5)),
        lambda: formation_services.merge_units(
            unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at
        ),
    )

    assert [result for result in results if isinstance(result, Exception)] == []
    assert len({unit.number for unit in results[:5]}) == 5
    check_tree()


def test_two_mergers_of_each_other_at_once_leave_one(
    formation: Formation, commander: User, race: Race, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b

    results = race(
        lambda: formation_services.merge_units(unit=a, successor=b, by=commander, at=at),
        lambda: formation_services.merge_units(unit=b, successor=a, by=commander, at=at),
    )

    assert [type(result) for result in results].count(UnitRetired) == 1
    assert Unit.objects.filter(retired_at__isnull=False).count() == 1
