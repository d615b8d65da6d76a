"""Signing in by a code that a leader reads out: whom it lets in, how often, and what stays closed behind it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from axes.models import AccessAttempt
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, SignInCode, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import refresh_tokens
from backend.accounts.services.operators import name_operator
from backend.accounts.services.refusals import HoldsPost, SecondFactorConfirmed
from backend.accounts.services.sign_in_codes import sign_in_by_code
from backend.accounts.tokens import DeviceTokens
from backend.audit.models import Entry
from backend.joining.schemas import SignInCodeMade
from backend.joining.services import sign_in_codes
from backend.joining.services.sign_in_codes import give_sign_in_code, sign_out_person
from backend.lib.errors import CredentialsWrong, NotAllowed, NotFound, NotSignedIn, TooMany
from backend.privacy.queries import export_of
from backend.privacy.services.own_data import erase_person
from backend.privacy.services.retention import keep_to_limits
from backend.volunteers import services
from backend.volunteers.models import Role
from backend.volunteers.schemas.posts import PostIn
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.posts import end_post, give_post
from tests.accounts.second_factors import set_up
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
MINE, THEIRS = "192.0.2.1", "198.51.100.7"


def number_of(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def code_for(user: User, by: User, at: datetime, **more: Any) -> str:
    return give_sign_in_code(volunteer=user.volunteer, by=by, at=at, **more).code


def enter(name: str, code: str, device: str = "", address: str = MINE) -> Any:
    body = {"identifier": name, "code": code, "device": {"id": device or str(uuid7()), "name": "old phone"}}
    return APIClient().post("/api/v1/sign-in/code", body, format="json", REMOTE_ADDR=address)


def client_with(answer: Any) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client


def introduced(user: User, leader: User, at: datetime) -> APIClient:
    return client_with(enter(number_of(user), code_for(user, leader, at)))


def deputy(user: User, formation: Formation, leader: User, at: datetime) -> Any:
    wanted = PostIn.model_validate({"volunteer": number_of(user), "role": "deputy"})
    return give_post(unit=formation.squadron_a, wanted=wanted, by=leader, at=at)


# --- being let in -------------------------------------------------------------------------------------------------


def test_code_signs_in_a_person_without_a_password_who_answers_and_goes_on_duty(
    volunteer: User, leader: User, client_of: ClientOf
) -> None:
    volunteer.set_unusable_password()
    volunteer.save()
    made = client_of(leader).post(f"/api/v1/volunteers/{number_of(volunteer)}/sign-in-codes")

    answer = enter(number_of(volunteer), made.json()["code"].replace("-", " "))

    assert (made.status_code, answer.status_code) == (201, 200)
    assert made.json()["number"] == number_of(volunteer)
    assert answer.json()["introduced"] is True
    phone = client_with(answer)
    assert phone.get("/api/v1/me").json()["number"] == number_of(volunteer)
    assert phone.put("/api/v1/me/duty", {"on": True}, format="json").status_code == 200
    assert phone.get("/api/v1/me/inbox").status_code == 200
    assert [device["introduced"] for device in phone.get("/api/v1/me/devices").json()] == [True]


def test_phone_is_a_name_too_and_the_code_is_kept_as_a_hash(
    volunteer: User, leader: User, at: datetime
) -> None:
    volunteer.phone = "13800138000"
    volunteer.save()
    code = code_for(volunteer, leader, at)

    assert code.replace("-", "") not in str(list(SignInCode.objects.values()))
    assert enter("138 0013 8000", code).status_code == 200


def test_who_is_told_and_what_is_recorded(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime, published: Published
) -> None:
    client_of(volunteer)
    device = str(uuid7())

    enter(number_of(volunteer), code_for(volunteer, leader, at), device)

    ((topic, _, told),) = published(type="device.introduced")
    assert topic == volunteer.volunteer.topic
    assert (told["device"], told["name"], told["made_by"]) == (device, "old phone", number_of(leader))
    acts = list(Entry.objects.order_by("pk").values_list("act", flat=True))
    assert acts[-3:] == ["sign_in_code.made", "device.signed_in", "sign_in_code.used"]
    assert "squadron" not in str(told)


def test_code_works_once_and_its_device_may_ask_again(volunteer: User, leader: User, at: datetime) -> None:
    code, device = code_for(volunteer, leader, at), str(uuid7())
    first = enter(number_of(volunteer), code, device)

    again = enter(number_of(volunteer), code, device)
    other = enter(number_of(volunteer), code)

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 401)
    assert other.json()["type"] == "/problems/credentials-wrong"
    assert Device.objects.filter(user=volunteer).count() == 1


@pytest.mark.parametrize("minutes", [9, 10])
def test_code_is_good_for_ten_minutes(volunteer: User, leader: User, at: datetime, minutes: int) -> None:
    code, later = code_for(volunteer, leader, at), at + timedelta(minutes=minutes)

    def use() -> DeviceTokens:
        return sign_in_by_code(user=volunteer, code=code, device=DeviceIn(id=uuid7()), at=later)

    if minutes < 10:
        assert use().introduced
    else:
        with pytest.raises(CredentialsWrong):
            use()


def test_new_code_voids_the_former_and_another_persons_opens_nothing(
    volunteer: User, leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    other = make_volunteer(formation.squadron_a).user
    former, mine = (code_for(volunteer, leader, at) for _ in range(2))

    assert enter(number_of(volunteer), former).status_code == 401
    assert enter(number_of(other), mine).status_code == 401
    assert enter(number_of(volunteer), mine).status_code == 200


def test_leader_who_lost_the_answer_is_told_the_same_code_until_it_is_used(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    client, headers = client_of(leader), {"Idempotency-Key": str(uuid7())}
    address = f"/api/v1/volunteers/{number_of(volunteer)}/sign-in-codes"
    first = client.post(address, headers=headers).json()

    again = client.post(address, headers=headers)
    enter(number_of(volunteer), first["code"])
    late = client.post(address, headers=headers)

    assert (again.status_code, again.json()) == (200, first)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/sign-in-code-void")


# --- who may make one ---------------------------------------------------------------------------------------------


def test_code_is_made_by_leaders_over_the_person_alone(
    volunteer: User, leader: User, sibling_leader: User, stranger: User, client_of: ClientOf
) -> None:
    address = f"/api/v1/volunteers/{number_of(volunteer)}/sign-in-codes"
    asked = {"neighbour": sibling_leader, "stranger": stranger, "own": volunteer, "leader": leader}

    answers = {name: client_of(user).post(address).status_code for name, user in asked.items()}

    assert answers == {"neighbour": 404, "stranger": 404, "own": 403, "leader": 201}
    assert APIClient().post(address).status_code == 401


def test_code_dies_with_the_rights_of_its_maker(
    volunteer: User,
    leader: User,
    commander: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    code = code_for(volunteer, leader, at)

    end_post(post_id=leader.volunteer.posts.get().pk, by=commander, at=at)

    assert enter(number_of(volunteer), code).status_code == 401


def test_person_who_holds_a_post_or_has_a_second_factor_is_let_in_by_no_code(
    volunteer: User, leader: User, commander: User, at: datetime
) -> None:
    with pytest.raises(HoldsPost):
        code_for(leader, commander, at)
    set_up(volunteer, at)
    with pytest.raises(SecondFactorConfirmed):
        code_for(volunteer, leader, at)
    assert SignInCode.objects.count() == 0


def test_code_of_a_person_who_received_a_post_or_a_second_factor_meanwhile_opens_nothing(
    volunteer: User, leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    other = make_volunteer(formation.squadron_a).user
    code, others = code_for(volunteer, leader, at), code_for(other, leader, at)

    deputy(volunteer, formation, leader, at)
    set_up(other, at)

    assert enter(number_of(volunteer), code).status_code == 401
    assert enter(number_of(other), others).status_code == 401


def test_codes_of_a_person_are_bounded(
    volunteer: User, leader: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_codes, "MOST_IN_AN_HOUR", 3)
    for _ in range(3):
        code_for(volunteer, leader, at)

    with pytest.raises(TooMany):
        code_for(volunteer, leader, at)
    assert SignInCode.objects.count() == 3
    assert code_for(volunteer, leader, at + timedelta(hours=1, seconds=1))


# --- guessing -----------------------------------------------------------------------------------------------------


def test_guesses_lock_the_account_for_an_address_under_all_its_names(
    volunteer: User, leader: User, at: datetime
) -> None:
    volunteer.phone = "13800138000"
    volunteer.save()
    code = code_for(volunteer, leader, at)
    names = [number_of(volunteer), "13800138000"]

    answers = [enter(names[turn % 2], "000-000-000").status_code for turn in range(10)]

    assert answers == [401] * 9 + [429]
    assert [enter(name, code).status_code for name in names] == [429, 429]
    body = {"identifier": names[0], "password": PASSWORD, "device": {"id": str(uuid7())}}
    assert APIClient().post("/api/v1/sign-in", body, format="json", REMOTE_ADDR=MINE).status_code == 429
    assert enter(names[0], code, address=THEIRS).status_code == 200


def test_guesses_at_many_people_of_a_subtree_lock_it_for_the_address(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    people = [make_volunteer(formation.squadron_a).user for _ in range(7)]
    code = code_for(people[6], leader, at)

    answers = [enter(number_of(people[turn % 6]), "000-000-000").status_code for turn in range(54)]

    assert answers[:50] == [401] * 50
    assert set(answers[50:]) == {429}
    assert enter(number_of(people[6]), code).status_code == 429, "of the same subtree"
    assert enter(number_of(people[6]), code, address=THEIRS).status_code == 200


def test_right_codes_and_locked_accounts_cost_nothing_of_the_subtrees_bound(
    volunteer: User, leader: User, at: datetime
) -> None:
    for _ in range(3):
        assert enter(number_of(volunteer), code_for(volunteer, leader, at)).status_code == 200
    assert AccessAttempt.objects.count() == 0
    for _ in range(15):
        enter(number_of(volunteer), "000-000-000")

    below = AccessAttempt.objects.get(username__startswith="codes below")
    assert below.failures_since_start == 9


def test_unknown_name_is_answered_like_a_wrong_code(formation: Formation, volunteer: User) -> None:
    known, unknown = enter(number_of(volunteer), "000-000-000"), enter("13912345678", "000-000-000")

    assert known.json() == unknown.json()
    assert known.status_code == unknown.status_code == 401
    assert AccessAttempt.objects.filter(username__startswith="codes below ").count() >= 1


# --- races --------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_of_two_devices_that_show_a_code_at_once_one_gets_in(
    race: Race, volunteer: User, leader: User, at: datetime
) -> None:
    code = code_for(volunteer, leader, at)

    answers = race(
        *[
            lambda: sign_in_by_code(user=volunteer, code=code, device=DeviceIn(id=uuid7()), at=at)
            for _ in range(4)
        ]
    )

    assert sum(isinstance(answer, DeviceTokens) for answer in answers) == 1
    assert sum(isinstance(answer, CredentialsWrong) for answer in answers) == 3
    assert Device.objects.filter(user=volunteer).count() == 1


@pytest.mark.postgres
def test_code_used_at_the_moment_of_a_post_leaves_no_sign_in_behind(
    race: Race, formation: Formation, leader: User, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    for _ in range(4):
        user = make_volunteer(formation.squadron_a).user
        code = code_for(user, leader, at)

        race(
            partial(sign_in_by_code, user=user, code=code, device=DeviceIn(id=uuid7()), at=at),
            partial(deputy, user, formation, leader, at),
        )

        assert user.volunteer.posts.count() == 1
        assert not Device.objects.live(at).filter(user=user).exists()


@pytest.mark.postgres
def test_two_codes_made_at_once_leave_one_that_opens(
    race: Race, volunteer: User, leader: User, at: datetime
) -> None:
    made = race(
        *[lambda: give_sign_in_code(volunteer=volunteer.volunteer, by=leader, at=at) for _ in range(3)]
    )

    assert all(isinstance(one, SignInCodeMade) for one in made)
    opened = [enter(number_of(volunteer), one.code).status_code for one in made]
    assert sorted(opened) == [200, 401, 401]


# --- a post -------------------------------------------------------------------------------------------------------


def test_post_ends_the_sign_in_that_another_person_saw_and_tells_the_device(
    volunteer: User, leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    own = client_of(volunteer)
    answer = enter(number_of(volunteer), code_for(volunteer, leader, at))

    deputy(volunteer, formation, leader, at)

    assert client_with(answer).get("/api/v1/me").status_code == 401
    assert own.get("/api/v1/me").status_code == 200, (
        "a password of these days is enough for a post, as before"
    )
    with pytest.raises(NotSignedIn) as refused:
        refresh_tokens(refresh=answer.json()["refresh"], at=at)
    assert refused.value.because == "post"


@pytest.mark.parametrize("way", ["appoint", "operator"])
def test_every_way_to_rights_ends_it(
    volunteer: User, leader: User, formation: Formation, at: datetime, way: str
) -> None:
    phone = introduced(volunteer, leader, at)

    if way == "operator":
        name_operator(account=volunteer, is_operator=True, at=at)
    else:
        person = volunteer.volunteer
        services.appoint(volunteer=person, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    assert phone.get("/api/v1/me").status_code == 401
    with pytest.raises((HoldsPost, NotAllowed)):
        code_for(volunteer, leader, at)


def test_second_factor_and_a_merge_that_brings_a_post_end_it(
    volunteer: User,
    leader: User,
    commander: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    careful, duplicate = (make_volunteer(formation.squadron_a).user for _ in range(2))
    phones = [introduced(user, leader, at) for user in (volunteer, careful)]
    deputy(duplicate, formation, leader, at)

    merge_volunteers(
        kept=volunteer.volunteer.number, duplicate=duplicate.volunteer.number, by=commander, at=at
    )
    set_up(careful, at)

    assert [phone.get("/api/v1/me").status_code for phone in phones] == [401, 401]


def test_post_of_a_member_gives_no_rights_and_ends_nothing(
    volunteer: User, leader: User, formation: Formation, at: datetime
) -> None:
    phone = introduced(volunteer, leader, at)

    services.appoint(
        volunteer=volunteer.volunteer, unit=formation.squadron_a, role=Role.MEMBER, by=None, at=at
    )

    assert phone.get("/api/v1/me").status_code == 200


# --- a lost phone -------------------------------------------------------------------------------------------------


def test_leader_signs_a_person_out_everywhere_and_voids_the_code(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    lost, other = client_of(volunteer), introduced(volunteer, leader, at)
    code = code_for(volunteer, leader, at)
    address = f"/api/v1/volunteers/{number_of(volunteer)}/devices"

    answers = [client_of(leader).delete(address).status_code for _ in range(2)]

    assert answers == [204, 204]
    assert [client.get("/api/v1/me").status_code for client in (lost, other)] == [401, 401]
    assert enter(number_of(volunteer), code).status_code == 401
    assert Entry.objects.filter(act="devices.signed_out").count() == 1
    assert set(Device.objects.filter(user=volunteer).values_list("revoked_because", flat=True)) == {"leader"}


def test_devices_are_signed_out_by_leaders_over_the_person_alone_and_of_no_post(
    volunteer: User,
    leader: User,
    sibling_leader: User,
    stranger: User,
    commander: User,
    client_of: ClientOf,
    at: datetime,
) -> None:
    phone, own = client_of(volunteer), client_of(leader)
    address = f"/api/v1/volunteers/{number_of(volunteer)}/devices"

    answers = [client_of(user).delete(address).status_code for user in (sibling_leader, stranger, volunteer)]

    assert answers == [404, 404, 403]
    assert phone.get("/api/v1/me").status_code == 200
    with pytest.raises(HoldsPost):
        sign_out_person(volunteer=leader.volunteer, by=commander, at=at)
    assert own.get("/api/v1/me").status_code == 200


def test_retried_sign_out_leaves_a_later_sign_in_alone(
    volunteer: User, leader: User, client_of: ClientOf
) -> None:
    client, headers = client_of(leader), {"Idempotency-Key": str(uuid7())}
    address = f"/api/v1/volunteers/{number_of(volunteer)}/devices"
    client_of(volunteer)
    client.delete(address, headers=headers)
    later = client_of(volunteer)

    assert client.delete(address, headers=headers).status_code == 204
    assert later.get("/api/v1/me").status_code == 200


def test_code_for_a_lost_phone_signs_the_old_one_out_when_it_is_used(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    lost = client_of(volunteer)
    made = client_of(leader).post(
        f"/api/v1/volunteers/{number_of(volunteer)}/sign-in-codes", {"ends_others": True}, format="json"
    )
    assert lost.get("/api/v1/me").status_code == 200, "until it is used"

    found = client_with(enter(number_of(volunteer), made.json()["code"]))

    assert lost.get("/api/v1/me").status_code == 401
    assert found.get("/api/v1/me").status_code == 200


# --- what is kept -------------------------------------------------------------------------------------------------


def test_codes_are_exported_deleted_in_time_and_erased_with_the_person(
    volunteer: User, leader: User, at: datetime
) -> None:
    code_for(volunteer, leader, at)

    sign_in: Any = export_of(volunteer, at=at)["sign_in"]
    (kept,) = sign_in["sign_in_codes"]
    assert set(kept) == {"made_at", "expires_at", "used_at"}
    keep_to_limits(at=at + timedelta(days=90))
    assert SignInCode.objects.count() == 1
    keep_to_limits(at=at + timedelta(days=91))
    assert SignInCode.objects.count() == 0
    code_for(volunteer, leader, at)
    erase_person(by=volunteer, at=at)
    assert SignInCode.objects.count() == 0


def test_person_who_left_every_unit_is_let_in_by_no_code_made_before(
    volunteer: User, leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    code = code_for(volunteer, leader, at)
    leave_unit(number=number_of(volunteer), unit=formation.squadron_a, by=leader, at=at)

    with pytest.raises(NotFound):
        code_for(volunteer, leader, at)
    assert enter(number_of(volunteer), code).status_code == 401
