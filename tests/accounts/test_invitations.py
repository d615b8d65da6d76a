"""First sign-in by a code on paper, and the rules of passwords."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.password_validation import get_default_password_validators
from django.core.management import CommandError, call_command
from django.utils.translation import override
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, Invitation, Platform, SecondFactor, TrustedDevice, User
from backend.accounts.passwords import broken_rules
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services import second_factors
from backend.accounts.services.devices import sign_in
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.passwords import PasswordWrong, change_password
from backend.accounts.services.trust import trust_device
from backend.joining.services.invitations import invite
from backend.lib.errors import CredentialsWrong, Invalid, NotAllowed, NotFound
from backend.privacy.services.own_data import erase_person
from backend.volunteers import services
from backend.volunteers.models import Role
from backend.volunteers.services.memberships import leave_unit
from backend.volunteers.services.posts import end_post
from backend.volunteers.services.standing import retire, suspend
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
CHOSEN = "eleven green bicycles"


def accept(number: str, code: str, password: str = CHOSEN, device: str = "", phone: str = "en") -> Any:
    body = {"number": number, "code": code, "password": password, "device": {"id": device or str(uuid7())}}
    headers = {"Accept-Language": phone}
    return APIClient().post("/api/v1/sign-in/invitation", body, format="json", headers=headers)


def invited(user: User, by: User, at: datetime) -> str:
    (made,) = invite(volunteers=[user.volunteer], by=by, at=at)
    return made.code


def number_of(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def test_invitation_signs_in_and_sets_the_password(
    volunteer: User, leader: User, client_of: ClientOf
) -> None:
    made = client_of(leader).post(f"/api/v1/volunteers/{number_of(volunteer)}/invitation")

    answer = accept(number_of(volunteer), made.json()["code"].lower().replace("-", " "))

    assert (made.status_code, answer.status_code) == (201, 200)
    assert answer.json()["me"]["number"] == number_of(volunteer)
    assert User.objects.get(pk=volunteer.pk).check_password(CHOSEN)
    assert made.json()["code"] not in str(Invitation.objects.values())


def test_invitation_works_once(volunteer: User, leader: User, at: datetime) -> None:
    code = invited(volunteer, leader, at)
    accept(number_of(volunteer), code)

    assert accept(number_of(volunteer), code).status_code == 401


def test_invitation_runs_out(volunteer: User, leader: User, at: datetime) -> None:
    code = invited(volunteer, leader, at)
    Invitation.objects.update(expires_at=at)

    assert accept(number_of(volunteer), code).status_code == 401


def test_invitation_opens_nobody_elses_account(
    volunteer: User, leader: User, outsider: User, at: datetime
) -> None:
    code = invited(volunteer, leader, at)

    assert accept(number_of(outsider), code).status_code == 401
    assert accept(number_of(volunteer), code).status_code == 200


def test_later_invitation_makes_the_former_void(volunteer: User, leader: User, at: datetime) -> None:
    former, later = invited(volunteer, leader, at), invited(volunteer, leader, at)

    assert accept(number_of(volunteer), former).status_code == 401
    assert accept(number_of(volunteer), later).status_code == 200


def test_invitation_stays_good_when_the_password_is_not(volunteer: User, leader: User, at: datetime) -> None:
    code = invited(volunteer, leader, at)

    refused = accept(number_of(volunteer), code, "short")

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/password")
    told = accept(number_of(volunteer), code, "short", phone="zh-Hans").json()["errors"][0]["detail"]
    assert told == "密码太短，至少需要 10 个字符。"
    assert accept(number_of(volunteer), code).status_code == 200


def test_invitation_is_not_spent_on_the_device_of_another_account(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    client_of(leader)
    code, taken = invited(volunteer, leader, at), str(Device.objects.get(user=leader).pk)

    assert accept(number_of(volunteer), code, device=taken).json()["type"] == "/problems/device-taken"
    assert accept(number_of(volunteer), code).status_code == 200


def test_guesses_at_an_invitation_are_locked_out(volunteer: User, leader: User, at: datetime) -> None:
    code = invited(volunteer, leader, at)
    for _ in range(10):
        assert accept(number_of(volunteer), "AAAA-AAAA-AAAA-AAAA").status_code in (401, 429)

    assert accept(number_of(volunteer), code).status_code == 429


def test_invitation_ends_earlier_devices_and_the_second_factor(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(volunteer)
    second_factors.begin_second_factor(by=volunteer, at=at)
    code = invited(volunteer, leader, at)

    accept_invitation(user=volunteer, code=code, password=CHOSEN, at=at)

    assert client.get("/api/v1/me").status_code == 401
    assert not SecondFactor.objects.exists()


def test_invitation_of_a_closed_account_opens_nothing(volunteer: User, leader: User, at: datetime) -> None:
    code = invited(volunteer, leader, at)
    User.objects.filter(pk=volunteer.pk).update(is_active=False)

    assert accept(number_of(volunteer), code).status_code == 401


def test_only_whoever_looks_after_the_person_invites(
    volunteer: User, leader: User, sibling_leader: User, commander: User, stranger: User, at: datetime
) -> None:
    invite(volunteers=[volunteer.volunteer], by=commander, at=at)
    for other in (sibling_leader, stranger):
        with pytest.raises(NotFound):
            invite(volunteers=[volunteer.volunteer], by=other, at=at)
    with pytest.raises(NotAllowed):
        invite(volunteers=[volunteer.volunteer], by=volunteer, at=at)


def test_whoever_leads_is_invited_from_above_alone(
    leader: User, commander: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    deputy = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)

    for by in (deputy.user, leader):
        with pytest.raises(NotAllowed):
            invite(volunteers=[leader.volunteer], by=by, at=at)
    assert invite(volunteers=[leader.volunteer], by=commander, at=at)


def test_post_that_rests_or_has_not_begun_is_not_handed_on_by_an_invitation(
    leader: User, commander: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    deputy, next_leader = make_volunteer(formation.squadron_a), make_volunteer(formation.squadron_a)
    services.appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)
    services.appoint(
        volunteer=next_leader, unit=formation.squadron_a, role=Role.LEADER, by=None, at=at + timedelta(days=1)
    )
    suspend(number=number_of(leader), reason="a complaint", by=commander, at=at)

    for person in (leader.volunteer, next_leader):
        with pytest.raises(NotAllowed):
            invite(volunteers=[person], by=deputy.user, at=at)
        assert invite(volunteers=[person], by=commander, at=at)


def test_whoever_dispatches_elsewhere_is_invited_from_there(
    volunteer: User, leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    services.appoint(
        volunteer=volunteer.volunteer, unit=formation.brigade, role=Role.DISPATCHER, by=None, at=at
    )

    with pytest.raises(NotAllowed):
        invite(volunteers=[volunteer.volunteer], by=leader, at=at)
    assert invite(volunteers=[volunteer.volunteer], by=commander, at=at)


def test_invitation_does_not_hand_on_a_post_that_was_given_since(
    volunteer: User, leader: User, commander: User, formation: Formation, at: datetime
) -> None:
    code = invited(volunteer, leader, at)
    services.appoint(volunteer=volunteer.volunteer, unit=formation.brigade, role=Role.DEPUTY, by=None, at=at)

    assert accept(number_of(volunteer), code).status_code == 401
    assert accept(number_of(volunteer), invited(volunteer, commander, at)).status_code == 200


@pytest.mark.parametrize(
    "lost", ["post ended", "post followed", "suspended", "retired", "account closed", "taken out", "moved"]
)
def test_invitation_opens_nothing_once_its_maker_could_not_make_it(
    lost: str,
    volunteer: User,
    leader: User,
    commander: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
) -> None:
    unit, number, person = formation.squadron_a, number_of(leader), volunteer.volunteer
    code = invited(volunteer, leader, at)
    {
        "post ended": lambda: end_post(post_id=leader.volunteer.posts.get().pk, by=commander, at=at),
        "post followed": lambda: services.appoint(
            volunteer=make_volunteer(unit), unit=unit, role=Role.LEADER, by=None, at=at
        ),
        "suspended": lambda: suspend(number=number, reason="x", by=commander, at=at),
        "retired": lambda: retire(number=number, by=commander, at=at),
        "account closed": lambda: User.objects.filter(pk=leader.pk).update(is_active=False),
        "taken out": lambda: leave_unit(number=number_of(volunteer), unit=unit, by=leader, at=at),
        "moved": lambda: person.memberships.update(unit=formation.squadron_b),
    }[lost]()

    refused = accept(number_of(volunteer), code)

    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/credentials-wrong")
    with pytest.raises(CredentialsWrong):  # what was looked at before the lock is looked at again under it
        accept_invitation(user=volunteer, code=code, password=CHOSEN, at=at)


def test_invitation_from_above_stays_good_where_its_maker_still_looks_after_the_person(
    volunteer: User, commander: User, formation: Formation, at: datetime
) -> None:
    code = invited(volunteer, commander, at)
    volunteer.volunteer.memberships.update(unit=formation.squadron_b)

    assert accept(number_of(volunteer), code).status_code == 200


def test_dispatcher_is_invited_by_the_leader_of_the_unit(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    assert invite(volunteers=[dispatcher], by=leader, at=at)


def test_dispatcher_sees_people_and_invites_nobody(
    volunteer: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    with pytest.raises(NotAllowed):
        invite(volunteers=[volunteer.volunteer], by=dispatcher.user, at=at)


@pytest.mark.postgres
def test_invitation_shown_twice_at_the_same_time_opens_once(
    race: Race, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    user = make_volunteer(None).user
    (made,) = invite(volunteers=[user.volunteer], by=None, at=at)

    answers = race(
        *[
            lambda n=n: accept_invitation(user=user, code=made.code, password=f"{CHOSEN} {n}", at=at)
            for n in range(4)
        ]
    )

    assert [isinstance(answer, CredentialsWrong) for answer in answers].count(True) == 3


# --- passwords ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad", ["short", "password123", "12345678901234", "x{number}x!", "call {phone}", "{name}万岁万岁万岁万"]
)
def test_bad_passwords_are_refused(volunteer: User, bad: str) -> None:
    own = {"number": number_of(volunteer), "phone": volunteer.phone, "name": volunteer.volunteer.name}

    assert broken_rules(volunteer, bad.format(**own)) != []


def test_every_rule_speaks_chinese(volunteer: User) -> None:
    rules = get_default_password_validators()
    with override("zh-hans"):
        broken = [broken_rules(volunteer, bad) for bad in ("1234567", number_of(volunteer))]
        told = {*chain(*broken), *(rule.get_help_text() for rule in rules)}

    assert len({*chain(*broken)}) == len(rules)
    assert [text for text in told if re.search("[A-Za-z]", text)] == []


@pytest.mark.parametrize("good", [PASSWORD, CHOSEN, "路遥知马力日久见人心"])
def test_good_passwords_are_taken(volunteer: User, good: str) -> None:
    assert broken_rules(volunteer, good) == []


def test_changed_password_signs_out_everywhere_else(volunteer: User, client_of: ClientOf) -> None:
    here, there = client_of(volunteer), client_of(volunteer)

    answer = here.post("/api/v1/me/password", {"current": PASSWORD, "new": CHOSEN}, format="json")

    assert answer.status_code == 204
    assert answer.cookies == {}
    assert here.get("/api/v1/me").status_code == 200
    assert there.get("/api/v1/me").status_code == 401
    assert Device.objects.filter(user=volunteer, revoked_at=None).count() == 1


def test_changed_password_ends_the_trust_in_other_devices(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    client_of(volunteer)
    other, here = client_of(volunteer), client_of(volunteer)
    for device in Device.objects.filter(user=volunteer):
        trust_device(device_id=device.pk, by=volunteer, at=at)
    other.post("/api/v1/sign-out")

    here.post("/api/v1/me/password", {"current": PASSWORD, "new": CHOSEN}, format="json")

    assert list(TrustedDevice.objects.values_list("device__revoked_at", flat=True)) == [None]


def test_what_a_password_was_checked_for_is_not_done_once_it_has_been_changed(
    volunteer: User, at: datetime
) -> None:
    """`volunteer` is the account as requests have read it that are still under way."""
    change_password(new=CHOSEN, device_id=uuid7(), by=volunteer, at=at)
    phone = DeviceIn(id=uuid7(), name="phone", platform=Platform.ANDROID)

    with pytest.raises(Invalid) as refused:
        change_password(new="orchid tandem pier", device_id=uuid7(), by=volunteer, at=at)
    with pytest.raises(PasswordWrong):
        erase_person(by=volunteer, at=at)
    with pytest.raises(CredentialsWrong):
        sign_in(user=volunteer, device=phone, at=at)

    assert [error["pointer"] for error in refused.value.errors] == ["/current"]
    assert User.objects.get(pk=volunteer.pk).check_password(CHOSEN)
    assert not Device.objects.exists()


@pytest.mark.postgres
def test_password_changed_several_times_at_once_is_changed_once(
    race: Race, volunteer: User, at: datetime
) -> None:
    wanted = [f"{CHOSEN} {n}" for n in range(4)]

    answers = race(
        *[partial(change_password, new=new, device_id=uuid7(), by=volunteer, at=at) for new in wanted]
    )

    (done,) = [new for new, answer in zip(wanted, answers, strict=True) if answer is None]
    assert [isinstance(answer, Invalid) for answer in answers].count(True) == 3
    assert User.objects.get(pk=volunteer.pk).check_password(done)


def test_password_is_changed_only_with_the_present_one(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)
    body = {"current": "a guess", "new": CHOSEN}

    answer = client.post("/api/v1/me/password", body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/current")
    for _ in range(9):
        client.post("/api/v1/me/password", body, format="json")
    assert client.post("/api/v1/me/password", {**body, "current": PASSWORD}, format="json").status_code == 429


def test_rules_of_a_new_password_are_named_field_by_field(volunteer: User, client_of: ClientOf) -> None:
    answer = client_of(volunteer).post(
        "/api/v1/me/password", {"current": PASSWORD, "new": "12345"}, format="json"
    )

    told = answer.json()["errors"]
    assert {error["pointer"] for error in told} == {"/new"}
    assert len(told) >= 2


def test_accepting_refuses_a_code_that_was_used_meanwhile(
    volunteer: User, leader: User, at: datetime
) -> None:
    code = invited(volunteer, leader, at)
    accept_invitation(user=volunteer, code=code, password=CHOSEN, at=at)

    with pytest.raises(CredentialsWrong):
        accept_invitation(user=volunteer, code=code, password=CHOSEN, at=at)
    with pytest.raises(Invalid):
        accept_invitation(user=volunteer, code=invited(volunteer, leader, at), password="short", at=at)


def test_operator_invites_whom_nobody_stands_above(commander: User) -> None:
    written = StringIO()
    call_command("invite", number_of(commander), stdout=written)
    number, code = written.getvalue().split()[:2]

    assert accept(number, code).status_code == 200
    with pytest.raises(CommandError):
        call_command("invite", "10000005")
