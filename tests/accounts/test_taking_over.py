"""A leader who becomes a member's account reads nothing that is sealed, and the member's devices are told."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.passwords import change_password
from backend.audit.models import Entry
from backend.joining.services.applications import approve_application
from backend.joining.services.invitations import invite
from backend.lib.encryption import lookup_key, seal
from backend.lib.errors import NotAllowed
from backend.privacy.queries import export_of
from backend.volunteers.models import Volunteer
from backend.volunteers.queries.me import me_of
from backend.volunteers.services.merging import merge_volunteers
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, SignedInClient
from tests.pages import page_of
from tests.rosters.files import id_card

ClientOf = Callable[[User], SignedInClient]
DAY = timedelta(days=1)
CARD = id_card()
GOOD = "eleven green bicycles"


def with_card(person: Volunteer, card: str = CARD) -> Volunteer:
    Volunteer.objects.filter(pk=person.pk).update(
        id_card_sealed=seal(card, "id_card"), id_card_key=lookup_key(card, "id_card")
    )
    person.refresh_from_db()
    return person


@pytest.fixture
def member(volunteer: User) -> Volunteer:
    """Make a member of squadron A whose identity card is on record."""
    return with_card(volunteer.volunteer)


def exported(user: User, at: datetime) -> Any:
    return export_of(User.objects.get(pk=user.pk), at=at)["profile"]


def accepted(member: Volunteer, by: User | None, at: datetime) -> User:
    (made,) = invite(volunteers=[member], by=by, at=at)
    accept_invitation(user=member.user, code=made.code, password=GOOD, at=at)
    return User.objects.get(pk=member.user_id)


# --- merging ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["into one's own", "one's own into it"])
def test_nobody_merges_their_own_record(way: str, member: Volunteer, leader: User, at: datetime) -> None:
    own, other = leader.volunteer.number, member.number
    kept, duplicate = (own, other) if way == "into one's own" else (other, own)

    with pytest.raises(NotAllowed):
        merge_volunteers(kept=kept, duplicate=duplicate, by=leader, at=at)


def test_nobody_merges_their_own_record_by_a_number_of_before(
    member: Volunteer,
    leader: User,
    commander: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
) -> None:
    """An alias leads to the record itself."""
    twin = make_volunteer(formation.squadron_a)
    merge_volunteers(kept=leader.volunteer.number, duplicate=twin.number, by=commander, at=at)

    with pytest.raises(NotAllowed):
        merge_volunteers(kept=twin.number, duplicate=member.number, by=leader, at=at)


def test_the_door_refuses_it_and_the_export_of_the_leader_holds_nothing_of_the_member(
    member: Volunteer, leader: User, client_of: ClientOf
) -> None:
    client = client_of(leader)

    answer = client.post(
        f"/api/v1/volunteers/{leader.volunteer.number:08d}/merge",
        {"duplicate": str(member.number)},
        format="json",
    )

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")
    assert CARD not in client.get("/api/v1/me/export").content.decode()


@pytest.fixture
def invented(make_volunteer: MakeVolunteer, formation: Formation) -> Volunteer:
    """Make a record that a leader has made up long ago, and whose password they know."""
    person = make_volunteer(formation.squadron_a, name="某人")
    User.objects.filter(pk=person.user_id).update(phone_sealed="", phone_key=None, phone_tail_key="")
    Volunteer.objects.filter(pk=person.pk).update(born_on=None)
    person.refresh_from_db()
    return person


def test_what_came_by_a_merge_is_masked_however_old_the_password_is(
    invented: Volunteer, member: Volunteer, leader: User, at: datetime
) -> None:
    User.objects.filter(pk=invented.user_id).update(password_set_at=at - 1000 * DAY)
    merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)

    for later in (at, at + 1000 * DAY):
        profile = exported(invented.user, later)
        assert profile["id_card"] == "*" * 18
        assert (profile["born_on"], profile["identity_to_confirm"]) == ("1980-**-**", True)
    assert CARD not in str(export_of(User.objects.get(pk=invented.user_id), at=at + 1000 * DAY))


def test_a_phone_that_came_by_a_merge_is_masked_as_if_the_password_were_new(
    invented: Volunteer, member: Volunteer, leader: User, at: datetime
) -> None:
    phone = member.user.phone
    merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)

    user = User.objects.get(pk=invented.user_id)
    assert me_of(user, at=at).phone == f"{phone[:3]}****{phone[-4:]}"
    assert me_of(user, at=at + 14 * DAY).phone == phone


def test_the_law_counts_by_the_date_of_birth_all_the_same(
    invented: Volunteer, member: Volunteer, leader: User, at: datetime
) -> None:
    merged = merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)

    assert merged.born_on == date(1980, 1, 1)
    assert not Volunteer.objects.get(pk=member.pk).id_card_key


def test_what_was_there_before_a_merge_needs_no_confirmation(
    member: Volunteer, invented: Volunteer, leader: User, at: datetime
) -> None:
    merge_volunteers(kept=member.number, duplicate=invented.number, by=leader, at=at)

    assert exported(member.user, at)["id_card"] == CARD


def test_both_records_are_told_of_a_merge(
    invented: Volunteer,
    member: Volunteer,
    leader: User,
    published: Published,
    client_of: ClientOf,
    at: datetime,
) -> None:
    theirs = client_of(member.user)

    merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)

    told = {topic: data for topic, _, data in published(type="record.merged")}
    assert set(told) == {invented.topic, member.topic}
    assert told[member.topic] == {
        "number": f"{invented.number:08d}",
        "duplicate": f"{member.number:08d}",
        "by": f"{leader.volunteer.number:08d}",
    }
    answer = theirs.post("/api/v1/token/refresh", {"refresh": theirs.tokens.refresh}, format="json")
    assert (answer.status_code, answer.json()["because"]) == (401, "merged")


# --- confirming ---------------------------------------------------------------------------------------------------


def confirm(client: SignedInClient, **named: Any) -> Any:
    return client.post("/api/v1/me/identity", named, format="json")


def test_the_person_confirms_by_naming_the_card(
    invented: Volunteer, member: Volunteer, leader: User, client_of: ClientOf, at: datetime
) -> None:
    merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)
    client = client_of(User.objects.get(pk=invented.user_id))

    for wrong in ({"id_card": id_card(order="002")}, {"born_on": "1980-01-01"}, {}, {"id_card": " "}):
        answer = confirm(client, **wrong)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/identity-wrong")
    assert exported(invented.user, at + 20 * DAY)["id_card"] == "*" * 18

    assert [confirm(client, id_card=f" {CARD.lower()} ").status_code for _ in range(2)] == [204, 204]
    assert exported(invented.user, at + 20 * DAY)["id_card"] == CARD
    assert Entry.objects.filter(act="identity.confirmed").count() == 1


def test_a_date_of_birth_that_came_alone_is_confirmed_by_itself(
    invented: Volunteer, volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    merge_volunteers(kept=invented.number, duplicate=volunteer.volunteer.number, by=leader, at=at)
    client = client_of(User.objects.get(pk=invented.user_id))

    assert confirm(client, born_on="1980-01-02").status_code == 403
    assert confirm(client, born_on="1980-01-01").status_code == 204
    assert exported(invented.user, at)["born_on"] == "1980-01-01"


def test_guesses_at_an_identity_are_locked_out(
    invented: Volunteer, member: Volunteer, leader: User, client_of: ClientOf, at: datetime
) -> None:
    merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)
    client = client_of(User.objects.get(pk=invented.user_id))

    answers = [confirm(client, id_card=id_card(order=f"{n:03d}")).status_code for n in range(100, 115)]

    assert answers[-1] == 429
    assert confirm(client, id_card=CARD).status_code == 429


def test_the_page_asks_for_it_and_takes_it(
    invented: Volunteer, member: Volunteer, leader: User, at: datetime
) -> None:
    merge_volunteers(kept=invented.number, duplicate=member.number, by=leader, at=at)
    client = page_of(User.objects.get(pk=invented.user_id), at)

    assert 'name="id_card"' in client.get("/my-data/").content.decode()
    assert client.post("/my-data/identity", {"id_card": "1"}).status_code == 403
    assert client.post("/my-data/identity", {"id_card": CARD}).status_code == 302
    assert 'name="id_card"' not in client.get("/my-data/").content.decode()


# --- passwords ----------------------------------------------------------------------------------------------------


def test_an_accepted_invitation_opens_neither_identity_card_nor_phone(
    member: Volunteer, leader: User, at: datetime
) -> None:
    phone = member.user.phone

    user = accepted(member, leader, at)

    for later in (at, at + 13 * DAY):
        profile = exported(user, later)
        assert profile["id_card"] == "*" * 14 + CARD[-4:]
        assert profile["phone"] == me_of(user, at=later).phone == f"{phone[:3]}****{phone[-4:]}"
    profile = exported(user, at + 14 * DAY)
    assert (profile["id_card"], profile["phone"]) == (CARD, phone)


def test_the_door_of_an_accepted_invitation_shows_nothing_sealed(
    member: Volunteer, leader: User, client_of: ClientOf
) -> None:
    code = client_of(leader).post(f"/api/v1/volunteers/{member.number}/invitation").json()["code"]
    client = SignedInClient()
    signed_in = client.post(
        "/api/v1/sign-in/invitation",
        {"number": f"{member.number:08d}", "code": code, "password": GOOD, "device": {"id": str(uuid7())}},
        format="json",
    ).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in['access']}")

    seen = str(signed_in) + "".join(
        client.get(f"/api/v1/{door}").content.decode() for door in ("me", "me/export", "me/looks")
    )
    assert CARD not in seen
    assert member.user.phone not in seen


def test_the_devices_of_before_are_told_of_an_accepted_invitation(
    member: Volunteer, leader: User, published: Published, client_of: ClientOf, at: datetime
) -> None:
    theirs = client_of(member.user)

    accepted(member, leader, at)

    ((topic, _, data),) = published(type="invitation.accepted")
    assert (topic, data) == (member.topic, {"made_by": f"{leader.volunteer.number:08d}"})
    answer = theirs.post("/api/v1/token/refresh", {"refresh": theirs.tokens.refresh}, format="json")
    assert (answer.status_code, answer.json()["because"]) == (401, "invitation")


def test_an_operator_s_invitation_is_told_and_masked_alike(
    member: Volunteer, published: Published, at: datetime
) -> None:
    user = accepted(member, None, at)

    assert [data for _, _, data in published(type="invitation.accepted")] == [{"made_by": None}]
    assert exported(user, at)["id_card"] == "*" * 14 + CARD[-4:]


def test_a_changed_password_begins_anew(member: Volunteer, leader: User, at: datetime) -> None:
    """Who came in by a slip does not make the password older by changing it."""
    user = accepted(member, leader, at)
    change_password(new="twelve green bicycles", device_id=uuid7(), by=user, at=at + 10 * DAY)

    assert CARD not in str(exported(user, at + 15 * DAY))
    assert exported(user, at + 24 * DAY)["id_card"] == CARD


def test_the_days_are_a_setting(member: Volunteer, leader: User, settings: Any, at: datetime) -> None:
    user = accepted(member, leader, at)

    settings.SEALED_AFTER_DAYS = 0
    assert exported(user, at)["id_card"] == CARD
    settings.SEALED_AFTER_DAYS = 30
    assert exported(user, at + 29 * DAY)["id_card"] != CARD


def test_a_password_that_came_with_an_application_is_as_old_as_the_application(
    formation: Formation, leader: User, client_of: ClientOf, at: datetime
) -> None:
    wanted = {"id": str(uuid7()), "unit": formation.squadron_a.number, "name": "钱", "phone": "13900000001"}
    SignedInClient().post("/api/v1/applications", {**wanted, "password": GOOD}, format="json")
    application = approve_application(application_id=wanted["id"], by=leader, at=at)  # type: ignore[arg-type]

    assert application.volunteer is not None
    assert User.objects.get(volunteer=application.volunteer).password_set_at == application.at


def test_other_devices_are_told_why_they_were_signed_out(
    member: Volunteer, client_of: ClientOf, at: datetime
) -> None:
    one, other = client_of(member.user), client_of(member.user)

    changed = one.post("/api/v1/me/password", {"current": PASSWORD, "new": GOOD}, format="json")

    assert changed.status_code in (200, 204)
    answer = other.post("/api/v1/token/refresh", {"refresh": other.tokens.refresh}, format="json")
    assert answer.json()["because"] == "password"
    forged = other.post("/api/v1/token/refresh", {"refresh": one.tokens.access}, format="json")
    assert "because" not in forged.json()


def test_every_password_is_set_with_its_moment() -> None:
    """Read from the source: a new way to a password that forgets it would show what is sealed at once."""
    root = Path(__file__).resolve().parents[2] / "backend"
    setting = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"\.set_(?:unusable_)?password\(|update\([^)]*\bpassword=", path.read_text())
    }

    assert setting == {
        "accounts/services/passwords.py",
        "accounts/services/closing.py",  # takes it from an account that is closed
        "joining/services/applications.py",  # takes it from an application
        "accounts/models/users.py",  # makes accounts
    }
