"""Two records of the same person become one."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, User, phone_tail_key
from backend.audit.models import Entry
from backend.badges.models import Photo
from backend.joining.models import Transfer
from backend.joining.schemas import TransferIn
from backend.joining.services.transfers import propose_transfer
from backend.lib.errors import NotAllowed, NotFound
from backend.numbers.services.walk_ins import register_walk_in
from backend.privacy.queries import export_of
from backend.privacy.services.own_data import erase_person
from backend.realtime.models import Revocation
from backend.rosters.queries.roster import roster_page
from backend.tracking.models import Fix
from backend.volunteers import services
from backend.volunteers.models import (
    Consent,
    CredentialKind,
    LookedAt,
    NumberAlias,
    Purpose,
    Role,
    Standing,
    Volunteer,
    WeeklyAvailability,
)
from backend.volunteers.queries.numbers import volunteer_by_number
from backend.volunteers.services.access_log import note_access
from backend.volunteers.services.consents import agree_on_paper, withdraw_consent
from backend.volunteers.services.ends import BeyondOwnPost
from backend.volunteers.services.life_numbers import give_life_number
from backend.volunteers.services.merging import NotMergeable, merge_volunteers
from backend.volunteers.services.standing import retire
from tests.builders import GuardianFactory
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


@pytest.fixture
def kept(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    return make_volunteer(formation.squadron_a, skills=["patrol"], name="李四")


@pytest.fixture
def duplicate(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    return make_volunteer(formation.squadron_b, skills=["rescue", "patrol"], name="李四")


def merge(kept: Volunteer, duplicate: Volunteer, by: User, at: datetime) -> Volunteer:
    return merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=by, at=at)


def test_units_posts_and_skills_move(
    kept: Volunteer, duplicate: Volunteer, commander: User, formation: Formation, at: datetime
) -> None:
    duplicate.memberships.create(unit=formation.squadron_a)
    post = services.appoint(volunteer=duplicate, unit=formation.squadron_b, role=Role.DEPUTY, by=None, at=at)

    merged = merge(kept, duplicate, commander, at)

    assert merged.pk == kept.pk
    units = {m.unit.number: m.is_primary for m in kept.memberships.select_related("unit")}
    assert units == {formation.squadron_a.number: True, formation.squadron_b.number: False}
    assert not duplicate.memberships.exists()
    assert kept.posts.get().pk == post.pk
    assert set(kept.skills.values_list("code", flat=True)) == {"patrol", "rescue"}
    entry = Entry.objects.get(act="volunteer.merged")
    assert entry.details == {"kept": f"{kept.number:08d}", "duplicate": f"{duplicate.number:08d}"}


def test_the_duplicate_s_number_leads_to_the_record_that_is_kept(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    merge(kept, duplicate, commander, at)

    assert volunteer_by_number(duplicate.number) == kept
    duplicate.refresh_from_db()
    assert (duplicate.merged_into, duplicate.standing) == (kept, Standing.RETIRED)


def test_the_duplicate_s_account_is_closed_and_its_devices_signed_out(
    kept: Volunteer, duplicate: Volunteer, commander: User, client_of: ClientOf, at: datetime
) -> None:
    own, other = client_of(kept.user), client_of(duplicate.user)

    merge(kept, duplicate, commander, at)

    assert other.get("/api/v1/me").status_code == 401
    assert own.get("/api/v1/me").status_code == 200
    device = Device.objects.get(user=duplicate.user)
    assert Revocation.objects.get().session == device.session
    assert device.revoked_at == at
    duplicate.refresh_from_db()
    assert duplicate.duty_until is None


def test_the_duplicate_s_picture_is_deleted_for_nobody_could_do_so_any_more(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    for person in (kept, duplicate):
        Photo.objects.create(volunteer=person, jpeg=b"a picture", kept_at=at)

    merge(kept, duplicate, commander, at)

    assert [photo.volunteer for photo in Photo.objects.all()] == [kept]


def test_both_numbers_sign_in_with_the_password_that_is_kept(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    duplicate.user.set_password("another one entirely")
    duplicate.user.save()
    merge(kept, duplicate, commander, at)

    def sign_in(number: int, password: str) -> int:
        body = {"identifier": str(number), "password": password, "device": {"id": str(uuid7())}}
        return APIClient().post("/api/v1/sign-in", body, format="json").status_code

    assert [sign_in(who.number, PASSWORD) for who in (kept, duplicate)] == [200, 200]
    assert sign_in(duplicate.number, "another one entirely") == 401


def test_what_was_missing_is_taken_from_the_duplicate(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    phone = duplicate.user.phone
    kept.user.phone = ""
    kept.user.save()
    Volunteer.objects.filter(pk=kept.pk).update(born_on=None)

    merged = merge(kept, duplicate, commander, at)

    assert User.objects.get(pk=kept.user_id).phone == phone
    assert User.objects.get(pk=duplicate.user_id).phone == ""
    tails = [User.objects.get(pk=who.user_id).phone_tail_key for who in (kept, duplicate)]
    assert tails == [phone_tail_key(phone), ""]
    assert merged.born_on == date(1980, 1, 1)


def test_a_phone_and_an_identity_card_that_came_along_are_found(
    kept: Volunteer, duplicate: Volunteer, commander: User, formation: Formation, at: datetime
) -> None:
    phone = duplicate.user.phone
    kept.user.phone = ""
    kept.user.save()
    Volunteer.objects.filter(pk=duplicate.pk).update(id_card_sealed="sealed", id_card_key="key")

    merge(kept, duplicate, commander, at)

    found = roster_page(formation.squadron_a, by=commander, at=at, search=phone[-4:])
    assert [row.number for row in found.items] == [f"{kept.number:08d}"]
    cards = Volunteer.objects.order_by("pk").filter(pk__in=[kept.pk, duplicate.pk])
    assert list(cards.values_list("id_card_sealed", "id_card_key")) == [("sealed", "key"), ("", None)]
    assert not User.objects.filter(pk=duplicate.user_id).exclude(phone_tail_key="").exists()


def test_what_is_on_record_of_the_duplicate_is_the_person_s(
    kept: Volunteer, duplicate: Volunteer, commander: User, leader: User, at: datetime
) -> None:
    """Otherwise the person would be asked for an insurance that they have, and never see who looked at them."""
    kept.credentials.all().delete()
    for who in (kept, duplicate):
        note_access(viewer_user_id=leader.pk, volunteer_ids=[who.pk], what=LookedAt.PHONE, at=at)
    note_access(viewer_user_id=leader.pk, volunteer_ids=[duplicate.pk], what=LookedAt.EXPORT, at=at)
    GuardianFactory.create(volunteer=duplicate, consent_at=at)
    WeeklyAvailability.objects.create(volunteer=duplicate, weekday=0, from_minute=0, until_minute=60)

    merge(kept, duplicate, commander, at)

    assert set(kept.credentials.values_list("kind", flat=True)) == set(CredentialKind.values)
    assert sorted(kept.looks.values_list("what", flat=True)) == [LookedAt.EXPORT, LookedAt.PHONE]
    assert (kept.guardians.count(), kept.weekly_availability.count()) == (1, 1)


def test_what_the_duplicate_agreed_to_ends(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    """Each account agreed for itself: whoever said no with one is not located, or shown, by the yes of the other."""
    withdraw_consent(purpose=Purpose.LOCATION, by=kept.user, at=at)
    Photo.objects.create(volunteer=duplicate, jpeg=b"", kept_at=at)
    agree_on_paper([duplicate], [Purpose.PHOTO], at=at)

    merge(kept, duplicate, commander, at)

    assert not Consent.objects.filter(withdrawn_at=None, volunteer__in=[kept, duplicate]).exists()
    assert kept.consents.count() == 3
    assert not Photo.objects.exists()
    duplicate.refresh_from_db()
    assert duplicate.location_consent_at is None


def test_transfers_of_the_duplicate_are_withdrawn(
    kept: Volunteer,
    duplicate: Volunteer,
    commander: User,
    formation: Formation,
    published: Published,
    at: datetime,
) -> None:
    wanted = TransferIn(
        id=uuid7(),
        volunteer=f"{duplicate.number:08d}",
        from_unit=formation.squadron_b.number,
        to_unit=formation.squadron_c.number,
    )
    propose_transfer(wanted=wanted, by=duplicate.user, at=at)

    merge(kept, duplicate, commander, at)

    transfer = Transfer.objects.get()
    assert (transfer.status, transfer.decided_by, transfer.volunteer) == ("withdrawn", commander, kept)
    assert Entry.objects.filter(act="transfer.withdrawn", subject=f"transfer.{transfer.pk}").exists()
    told = published(duplicate.topic, "transfer.changed")[-1][2]
    assert told["transfer"]["status"] == "withdrawn"


def test_whoever_had_retired_does_not_come_back_by_a_merge(
    kept: Volunteer, duplicate: Volunteer, commander: User, formation: Formation, at: datetime
) -> None:
    retire(number=f"{duplicate.number:08d}", by=commander, at=at)

    with pytest.raises(NotMergeable, match="retired"):
        merge(duplicate, kept, commander, at)
    merge(kept, duplicate, commander, at)

    assert kept.memberships.get().unit == formation.squadron_a


def test_deleting_one_s_data_reaches_what_was_merged(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    for who in (kept, duplicate):
        Fix.objects.create(person=who.number, at=at, received_at=at, lon=120, lat=29)
    merge(kept, duplicate, commander, at)
    assert sum(day["fixes"] for day in export_of(kept.user, at=at)["tracks"]["days"]) == 2  # type: ignore[call-overload,index,union-attr,misc]

    erase_person(by=kept.user, at=at)

    duplicate.refresh_from_db()
    assert (duplicate.name, duplicate.born_on) == ("", None)
    assert not Fix.objects.exists()


def test_what_is_known_stays(kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime) -> None:
    phone = kept.user.phone
    Volunteer.objects.filter(pk=duplicate.pk).update(born_on=date(1970, 1, 1))

    merged = merge(kept, duplicate, commander, at)

    assert (User.objects.get(pk=kept.user_id).phone, merged.born_on) == (phone, date(1980, 1, 1))


def test_merging_again_changes_nothing(
    kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    assert merge(kept, duplicate, commander, at) == merge(kept, duplicate, commander, at)
    assert Entry.objects.filter(act="volunteer.merged").count() == 1


def test_a_chain_of_merges_leads_to_its_end(
    kept: Volunteer,
    duplicate: Volunteer,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    last = make_volunteer(formation.squadron_a)
    merge(kept, duplicate, commander, at)
    merge(last, kept, commander, at)

    assert {volunteer_by_number(who.number) for who in (kept, duplicate, last)} == {last}
    assert set(NumberAlias.objects.values_list("volunteer", flat=True)) == {last.pk}


def test_nobody_is_merged_into_themselves(kept: Volunteer, commander: User, at: datetime) -> None:
    with pytest.raises(NotMergeable, match="same person"):
        merge(kept, kept, commander, at)


def test_a_deputy_does_not_become_the_leader_by_a_merge(
    kept: Volunteer, leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    services.appoint(volunteer=kept, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)

    for one, other in ((kept, leader.volunteer), (leader.volunteer, kept)):
        with pytest.raises(NotAllowed):
            merge(one, other, kept.user, at)

    assert merge(leader.volunteer, kept, commander, at) == leader.volunteer


def test_nobody_hands_on_a_post_that_outlasts_their_own(
    kept: Volunteer, duplicate: Volunteer, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    until = at + timedelta(days=7)
    deputy = make_volunteer(formation.brigade)
    for who, unit, end in ((deputy, formation.brigade, until), (duplicate, formation.squadron_b, None)):
        services.appoint(volunteer=who, unit=unit, role=Role.DEPUTY, until=end, by=None, at=at)

    with pytest.raises(BeyondOwnPost):
        merge(kept, duplicate, deputy.user, at)

    assert merge(duplicate, kept, deputy.user, at) == duplicate


def test_a_merged_record_is_not_merged_again(
    kept: Volunteer,
    duplicate: Volunteer,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    commander: User,
    at: datetime,
) -> None:
    other = make_volunteer(formation.squadron_a)
    merge(kept, duplicate, commander, at)

    with pytest.raises(NotMergeable, match="before"):
        merge(other, duplicate, commander, at)
    with pytest.raises(NotMergeable, match="same person"):
        merge(duplicate, kept, commander, at)
    assert volunteer_by_number(duplicate.number) == kept


@pytest.mark.parametrize("who", ["kept", "duplicate"])
def test_a_suspended_record_is_not_merged(
    who: str, kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    number = {"kept": kept, "duplicate": duplicate}[who].number
    Volunteer.objects.filter(number=number).update(standing=Standing.SUSPENDED)

    with pytest.raises(NotMergeable, match="suspended"):
        merge(kept, duplicate, commander, at)


def test_both_people_have_to_be_the_manager_s(
    kept: Volunteer, duplicate: Volunteer, leader: User, sibling_leader: User, stranger: User, at: datetime
) -> None:
    for user in (leader, sibling_leader, stranger, kept.user):
        with pytest.raises(NotFound):
            merge(kept, duplicate, user, at)


@pytest.mark.parametrize("begins", [timedelta(0), timedelta(days=1)], ids=["now", "tomorrow"])
def test_nobody_hands_on_a_post_that_is_not_theirs_to_give(
    begins: timedelta,
    kept: Volunteer,
    make_volunteer: MakeVolunteer,
    leader: User,
    formation: Formation,
    at: datetime,
) -> None:
    """A leader with the county's commander among the members would make a friend commander of the county."""
    high = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=high, unit=formation.detachment, role=Role.COMMANDER, by=None, at=at + begins)

    for one, other in ((kept, high), (high, kept)):
        with pytest.raises(NotAllowed):
            merge(one, other, leader, at)
    assert not NumberAlias.objects.exists()


def test_a_dispatcher_does_not_merge(
    kept: Volunteer, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    dispatcher, other = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    with pytest.raises(NotAllowed):
        merge(kept, other, dispatcher.user, at)


def test_the_door_merges(kept: Volunteer, duplicate: Volunteer, commander: User, client_of: ClientOf) -> None:
    answer = client_of(commander).post(
        f"/api/v1/volunteers/{kept.number}/merge", {"duplicate": str(duplicate.number)}, format="json"
    )

    assert (answer.status_code, answer.json()["number"]) == (200, f"{kept.number:08d}")


@pytest.mark.postgres
def test_two_records_merged_into_each_other_at_once_leave_one(
    race: Race, kept: Volunteer, duplicate: Volunteer, commander: User, at: datetime
) -> None:
    results = race(
        lambda: merge(kept, duplicate, commander, at), lambda: merge(duplicate, kept, commander, at)
    )

    assert {type(result) for result in results} == {Volunteer, NotMergeable}
    assert Volunteer.objects.filter(merged_into=None, pk__in=[kept.pk, duplicate.pk]).count() == 1
    assert NumberAlias.objects.count() == 1


@pytest.mark.postgres
def test_a_number_for_life_and_a_merge_at_once_lose_no_number(
    race: Race, kept: Volunteer, leader: User, formation: Formation, at: datetime
) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="李四", by=leader, at=at)
    temporary = walk_in.number

    results = race(
        lambda: give_life_number(number=temporary, by=leader, at=at),
        lambda: merge_volunteers(kept=kept.number, duplicate=temporary, by=leader, at=at),
    )

    assert isinstance(results[1], Volunteer)
    assert volunteer_by_number(temporary) == kept
    walk_in.refresh_from_db()
    assert volunteer_by_number(walk_in.number) == kept
