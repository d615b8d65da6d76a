"""The second factor: set up, shown at sign-in, guessed at, replayed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts import codes
from backend.accounts.models import Challenge, Device, RecoveryCode, SecondFactor, TrustedDevice, User
from backend.accounts.services import second_factors
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.refusals import ChallengeOver, SecondFactorConfirmed
from backend.accounts.services.trust import trust_device
from backend.audit.models import Entry
from backend.joining.services.invitations import invite
from backend.lib.errors import CredentialsWrong, Invalid, NotFound, TooMany
from backend.volunteers import services
from backend.volunteers.models import Role
from tests.accounts.second_factors import asked_of, code_of, set_up, show_code, sign_in
from tests.conftest import PASSWORD, MakeVolunteer, Published, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
STEP = timedelta(seconds=codes.STEP_S)


def renewed(user: User, code: str, at: datetime, device: UUID | None = None) -> list[str]:
    made = second_factors.renew_recovery_codes(code=code, device_id=device or uuid7(), by=user, at=at)
    return made.codes


# --- setting up ---------------------------------------------------------------------------------------------------


def test_authenticator_counts_only_after_its_first_code(
    leader: User, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(leader)

    begun = client.post("/api/v1/me/second-factor")

    assert begun.status_code == 201
    assert begun.json()["uri"].startswith(f"otpauth://totp/Muster:{leader.volunteer.number:08d}?secret=")
    assert begun.json()["qr_svg"].startswith("<svg")
    second_factors.require_second_factor(user=leader, device_id=None, at=at)

    code = pyotp.TOTP(begun.json()["secret"]).now()
    confirmed = client.post("/api/v1/me/second-factor/confirm", {"code": code}, format="json")

    assert len(set(confirmed.json()["codes"])) == 10
    assert client.get("/api/v1/me/second-factor").json() == {
        "confirmed": True,
        "asked": True,
        "recovery_codes": 10,
    }
    assert asked_of(leader, at).ways == ["authenticator", "recovery_code", "sent_code"]


def test_secret_is_told_no_more_once_it_is_confirmed(leader: User, at: datetime) -> None:
    set_up(leader, at)

    with pytest.raises(SecondFactorConfirmed):
        second_factors.begin_second_factor(by=leader, at=at)


def test_secret_and_codes_do_not_stand_in_the_database(leader: User, at: datetime) -> None:
    recovery = set_up(leader, at)
    factor = SecondFactor.objects.get()

    assert factor.secret not in factor.secret_sealed
    assert not RecoveryCode.objects.filter(code_key__in=[codes.plain(code) for code in recovery]).exists()


def test_wrong_code_of_somebody_signed_in_is_a_wrong_field(leader: User, client_of: ClientOf) -> None:
    client = client_of(leader)
    client.post("/api/v1/me/second-factor")

    answer = client.post("/api/v1/me/second-factor/confirm", {"code": "12"}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/code")


def test_removing_needs_a_code_and_forgets_the_trusted_devices(
    leader: User, client_of: ClientOf, at: datetime
) -> None:
    client_of(leader)
    device = Device.objects.get(user=leader).pk
    recovery = set_up(leader, at)
    trust_device(device_id=device, by=leader, at=at)
    with pytest.raises(Invalid):
        second_factors.remove_second_factor(code="AAAAA-AAAAA", by=leader, at=at)

    second_factors.remove_second_factor(code=recovery[0], by=leader, at=at)

    assert not SecondFactor.objects.exists()
    assert not TrustedDevice.objects.exists()
    assert Entry.objects.filter(act="second_factor.removed", by=leader).count() == 1
    with pytest.raises(NotFound):
        second_factors.remove_second_factor(code=recovery[1], by=leader, at=at)


def test_new_recovery_codes_make_the_old_ones_void(leader: User, at: datetime) -> None:
    old = set_up(leader, at)

    new = renewed(leader, code_of(leader, at), at)

    challenge = asked_of(leader, at).challenge
    with pytest.raises(CredentialsWrong):
        second_factors.pass_challenge(challenge_id=challenge, code=old[0], at=at)
    assert second_factors.pass_challenge(challenge_id=challenge, code=new[0], at=at) == leader


# --- signing in ---------------------------------------------------------------------------------------------------


def test_password_alone_opens_no_more_and_the_problem_says_how_to_go_on(leader: User, at: datetime) -> None:
    set_up(leader, at)

    answer = sign_in(leader, str(uuid7()))

    told = answer.json()
    assert answer.status_code == 401
    assert told["type"] == "/problems/second-factor-needed"
    assert told["second_factor"]["ways"] == ["authenticator", "recovery_code"]
    assert not Device.objects.filter(user=leader).exists()


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_code_of_a_clock_that_is_a_step_off_is_taken(leader: User, at: datetime, off: int) -> None:
    set_up(leader, at - timedelta(minutes=5))

    challenge = asked_of(leader, at).challenge

    assert (
        second_factors.pass_challenge(challenge_id=challenge, code=code_of(leader, at + off * STEP), at=at)
        == leader
    )


@pytest.mark.parametrize("off", [-2, 2])
def test_code_of_a_clock_that_is_two_steps_off_is_refused(leader: User, at: datetime, off: int) -> None:
    set_up(leader, at - timedelta(minutes=5))

    with pytest.raises(CredentialsWrong):
        second_factors.pass_challenge(
            challenge_id=asked_of(leader, at).challenge, code=code_of(leader, at + off * STEP), at=at
        )


def test_code_works_once(leader: User, at: datetime) -> None:
    set_up(leader, at - timedelta(minutes=5))
    code = code_of(leader, at)
    first, second = asked_of(leader, at).challenge, asked_of(leader, at).challenge

    second_factors.pass_challenge(challenge_id=first, code=code, at=at)

    with pytest.raises(CredentialsWrong):
        second_factors.pass_challenge(challenge_id=second, code=code, at=at)
    with pytest.raises(CredentialsWrong):  # nor an earlier one that is still within a step
        second_factors.pass_challenge(challenge_id=second, code=code_of(leader, at - STEP), at=at)


def test_code_in_the_wide_digits_of_a_chinese_keyboard_is_taken(leader: User, at: datetime) -> None:
    set_up(leader, at - timedelta(minutes=5))
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code_of(leader, at))

    user = second_factors.pass_challenge(challenge_id=asked_of(leader, at).challenge, code=wide, at=at)

    assert user == leader


@pytest.mark.parametrize("code", ["验证码", "é23456", "🙂"])
def test_code_of_other_characters_is_wrong(leader: User, at: datetime, code: str) -> None:
    set_up(leader, at)
    challenge = str(asked_of(leader, at).challenge)

    assert show_code(challenge, code, str(uuid7())).json()["type"] == "/problems/credentials-wrong"


def test_recovery_code_works_once_however_it_is_written(leader: User, at: datetime) -> None:
    code = set_up(leader, at)[0].lower().replace("-", " ")
    second_factors.pass_challenge(challenge_id=asked_of(leader, at).challenge, code=code, at=at)

    with pytest.raises(CredentialsWrong):
        second_factors.pass_challenge(challenge_id=asked_of(leader, at).challenge, code=code, at=at)


def test_code_is_not_spent_on_the_device_of_another_account(
    leader: User, volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    recovery = set_up(leader, at)
    client_of(volunteer)
    taken = str(Device.objects.get(user=volunteer).pk)
    challenge = sign_in(leader, taken).json()["second_factor"]["challenge"]

    refused = show_code(challenge, recovery[0], taken)

    assert refused.json()["type"] == "/problems/device-taken"
    assert show_code(challenge, recovery[0], str(uuid7())).status_code == 200


def test_challenge_is_spent_once_it_was_passed(leader: User, at: datetime) -> None:
    recovery = set_up(leader, at)
    challenge = asked_of(leader, at).challenge
    second_factors.pass_challenge(challenge_id=challenge, code=recovery[0], at=at)

    with pytest.raises(ChallengeOver):
        second_factors.pass_challenge(challenge_id=challenge, code=recovery[1], at=at)


def test_challenge_runs_out_and_ends_with_the_account(leader: User, at: datetime) -> None:
    recovery = set_up(leader, at)
    challenge = asked_of(leader, at).challenge

    with pytest.raises(ChallengeOver):
        second_factors.pass_challenge(challenge_id=challenge, code=recovery[0], at=at + timedelta(minutes=5))
    User.objects.filter(pk=leader.pk).update(is_active=False)
    with pytest.raises(ChallengeOver):
        second_factors.pass_challenge(challenge_id=challenge, code=recovery[0], at=at)


def test_challenge_ends_with_the_password_that_it_was_begun_with(
    leader: User, client_of: ClientOf, at: datetime
) -> None:
    recovery = set_up(leader, at)
    here = client_of(leader)
    before = [asked_of(leader, at).challenge for _ in range(2)]

    changed = {"current": PASSWORD, "new": "eleven green bicycles"}
    assert here.post("/api/v1/me/password", changed, format="json").status_code == 204

    for challenge in before:
        with pytest.raises(ChallengeOver):
            second_factors.pass_challenge(
                challenge_id=challenge, code=recovery[0], at=datetime.now(at.tzinfo)
            )


def test_challenge_ends_when_an_invitation_is_accepted(leader: User, settings: Any, at: datetime) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    challenge = asked_of(leader, at).challenge
    secret = second_factors.begin_in_sign_in(challenge_id=challenge, at=at).secret
    (made,) = invite(volunteers=[leader.volunteer], by=None, at=at)

    accept_invitation(user=leader, code=made.code, password="eleven green bicycles", at=at)

    with pytest.raises(ChallengeOver):
        second_factors.pass_challenge(challenge_id=challenge, code=pyotp.TOTP(secret).at(at), at=at)
    with pytest.raises(ChallengeOver):
        second_factors.begin_in_sign_in(challenge_id=challenge, at=at)


def test_ten_wrong_codes_lock_for_a_quarter_of_an_hour_whatever_the_challenge(
    leader: User, at: datetime
) -> None:
    recovery = set_up(leader, at)
    challenges = [asked_of(leader, at).challenge for _ in range(4)]
    challenge = challenges[0]
    for turn in range(10):
        with pytest.raises(CredentialsWrong):
            second_factors.pass_challenge(challenge_id=challenges[turn % 4], code="000000", at=at)

    with pytest.raises(TooMany):
        second_factors.pass_challenge(challenge_id=challenge, code=recovery[0], at=at)
    with pytest.raises(TooMany):
        second_factors.require_second_factor(user=leader, device_id=None, at=at)
    with pytest.raises(TooMany):
        second_factors.remove_second_factor(code=recovery[0], by=leader, at=at)
    later = at + timedelta(minutes=16)
    assert (
        second_factors.pass_challenge(
            challenge_id=asked_of(leader, later).challenge, code=recovery[0], at=later
        )
        == leader
    )


def test_wrong_codes_count_for_a_quarter_of_an_hour_from_when_they_were_shown(
    leader: User, at: datetime
) -> None:
    set_up(leader, at)
    challenge, late = asked_of(leader, at).challenge, at + timedelta(minutes=4)
    for _ in range(10):
        with pytest.raises(CredentialsWrong):
            second_factors.pass_challenge(challenge_id=challenge, code="000000", at=late)

    with pytest.raises(TooMany):
        second_factors.require_second_factor(user=leader, device_id=None, at=late + timedelta(minutes=14))
    assert asked_of(leader, late + timedelta(minutes=16)).ways == ["authenticator", "recovery_code"]


def test_wrong_codes_of_one_person_do_not_lock_another(
    leader: User, sibling_leader: User, at: datetime
) -> None:
    set_up(leader, at)
    recovery = set_up(sibling_leader, at)
    for _ in range(10):
        with pytest.raises(CredentialsWrong):
            second_factors.pass_challenge(challenge_id=asked_of(leader, at).challenge, code="1", at=at)

    assert (
        second_factors.pass_challenge(
            challenge_id=asked_of(sibling_leader, at).challenge, code=recovery[0], at=at
        )
        == sibling_leader
    )


def test_somebody_elses_code_is_wrong(leader: User, sibling_leader: User, at: datetime) -> None:
    set_up(leader, at)
    recovery = set_up(sibling_leader, at)
    challenge = asked_of(leader, at).challenge

    for code in (recovery[0], code_of(sibling_leader, at)):
        with pytest.raises(CredentialsWrong):
            second_factors.pass_challenge(challenge_id=challenge, code=code, at=at)


@pytest.mark.postgres
def test_code_shown_twice_at_the_same_time_opens_once(race: Race, make_volunteer: MakeVolunteer) -> None:
    at = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
    user = make_volunteer(None).user
    set_up(user, at - timedelta(minutes=5))
    challenges = [asked_of(user, at).challenge for _ in range(4)]
    code = code_of(user, at)

    answers = race(
        *[
            lambda one=one: second_factors.pass_challenge(challenge_id=one, code=code, at=at)
            for one in challenges
        ]
    )

    assert [isinstance(answer, CredentialsWrong) for answer in answers].count(False) == 1


# --- sent codes ---------------------------------------------------------------------------------------------------


def test_code_is_sent_to_the_other_devices_and_works_once(
    leader: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    set_up(leader, at)
    client_of(leader)
    asked = asked_of(leader, at)

    second_factors.send_code(challenge_id=asked.challenge, at=at)

    ((topic, _, told),) = published(type="sign_in.code")
    assert topic == leader.volunteer.topic
    assert "sent_code" in asked.ways
    other = asked_of(leader, at).challenge
    with pytest.raises(CredentialsWrong):  # it belongs to its own sign-in
        second_factors.pass_challenge(challenge_id=other, code=told["code"], at=at)
    assert second_factors.pass_challenge(challenge_id=asked.challenge, code=told["code"], at=at) == leader


def test_later_code_makes_the_former_void_and_the_fourth_is_not_sent(
    leader: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    set_up(leader, at)
    client_of(leader)
    challenge = asked_of(leader, at).challenge
    for _ in range(3):
        second_factors.send_code(challenge_id=challenge, at=at)

    with pytest.raises(TooMany):
        second_factors.send_code(challenge_id=challenge, at=at)
    sent = [told["code"] for _, _, told in published(type="sign_in.code")]
    for void in set(sent[:2]) - {sent[2]}:
        with pytest.raises(CredentialsWrong):
            second_factors.pass_challenge(challenge_id=challenge, code=void, at=at)
    assert second_factors.pass_challenge(challenge_id=challenge, code=sent[2], at=at) == leader


def test_code_is_not_sent_to_the_device_that_asks(leader: User, client_of: ClientOf, at: datetime) -> None:
    set_up(leader, at)
    client_of(leader)
    device = Device.objects.get(user=leader).pk

    assert asked_of(leader, at, device).ways == ["authenticator", "recovery_code"]


# --- required -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_posts_of_deputy_and_above_are_asked_where_it_is_required(
    make_volunteer: MakeVolunteer, formation: Any, settings: Any, at: datetime, role: Role
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    person = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=person, unit=formation.squadron_a, role=role, by=None, at=at)

    if role in (Role.LEADER, Role.DEPUTY, Role.COMMANDER):
        assert asked_of(person.user, at).ways == ["set_up"]
    else:
        second_factors.require_second_factor(user=person.user, device_id=None, at=at)


def test_whoever_has_to_sets_an_authenticator_up_while_signing_in(
    leader: User, settings: Any, at: datetime
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    device = str(uuid7())
    challenge = sign_in(leader, device).json()["second_factor"]["challenge"]

    begun = APIClient().post("/api/v1/sign-in/second-factor/set-up", {"challenge": challenge}, format="json")
    answer = show_code(challenge, pyotp.TOTP(begun.json()["secret"]).now(), device)

    assert (begun.status_code, answer.status_code) == (201, 200)
    assert SecondFactor.objects.get(user=leader).confirmed_at is not None


def test_authenticator_cannot_be_chosen_by_whoever_has_the_password_where_there_is_another_way(
    leader: User, client_of: ClientOf, settings: Any, at: datetime
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client_of(leader)
    asked = asked_of(leader, at)

    assert asked.ways == ["sent_code"]
    with pytest.raises(NotFound):
        second_factors.begin_in_sign_in(challenge_id=asked.challenge, at=at)


def test_secret_told_to_whoever_has_the_password_alone_is_nobody_elses(
    leader: User, settings: Any, at: datetime
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    challenge = asked_of(leader, at).challenge
    told = second_factors.begin_in_sign_in(challenge_id=challenge, at=at).secret
    assert second_factors.begin_in_sign_in(challenge_id=challenge, at=at).secret == told

    own = second_factors.begin_second_factor(by=leader, at=at).secret

    assert own != told
    for secret in (told, own):
        with pytest.raises(CredentialsWrong):
            second_factors.pass_challenge(challenge_id=challenge, code=pyotp.TOTP(secret).at(at), at=at)
    second_factors.begin_in_sign_in(challenge_id=challenge, at=at)
    with pytest.raises(NotFound):
        second_factors.confirm_second_factor(code=pyotp.TOTP(own).at(at), device_id=uuid7(), by=leader, at=at)


def test_challenges_are_forgotten_after_a_day(leader: User, at: datetime) -> None:
    set_up(leader, at)
    asked_of(leader, at)

    assert second_factors.forget_challenges(at=at + timedelta(hours=23)) == 0
    assert second_factors.forget_challenges(at=at + timedelta(days=2)) == 1
    assert not Challenge.objects.exists()
