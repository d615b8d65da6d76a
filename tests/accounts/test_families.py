"""A phone of several people: which of them signs in, what a stranger learns, how many guesses there are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db.models import F
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.login_attempts import seeming_people
from backend.accounts.models import MOST_OF_PHONE, Choice, Device, User
from backend.accounts.services import choices
from backend.accounts.services.choices import ask_which, take_choice
from backend.accounts.services.refusals import ChoiceOver
from backend.accounts.services.sign_in_codes import code_opens
from backend.corrections.queries import phone_is_trusted
from backend.joining.services.sign_in_codes import give_sign_in_code
from backend.volunteers import services
from backend.volunteers.models import Role
from tests.accounts.families import FAMILY, choose, client_with, give_password, number_of, share, sign_in
from tests.accounts.second_factors import set_up
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
HERS, HIS = "grandmother's own secret", "grandson's own secret"
CODE = "/api/v1/sign-in/code"


@pytest.fixture
def grandmother(formation: Formation, make_volunteer: MakeVolunteer) -> User:
    user = make_volunteer(formation.squadron_a, name="奶奶").user
    give_password(user, HERS)
    return user


@pytest.fixture
def grandson(formation: Formation, make_volunteer: MakeVolunteer, grandmother: User) -> User:
    """Make a boy of fifteen in another squadron, who shares the grandmother's phone."""
    user = make_volunteer(formation.squadron_b, name="孙子", adult=False).user
    give_password(user, HIS)
    share(grandmother, user)
    return user


class CountedHasher(MD5PasswordHasher):
    """Counts how often a password is hashed."""

    hashed: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        """Count, and hash."""
        self.hashed.append(password)
        return super().encode(password, salt)


# --- which of them ------------------------------------------------------------------------------------------------


def test_the_password_tells_who_of_the_phone_it_is_and_the_number_does_as_before(
    grandmother: User, grandson: User
) -> None:
    signed_in = {
        (name, password): sign_in(name, password).json()["me"]["number"]
        for name, password in [(FAMILY, HERS), (FAMILY, HIS), (number_of(grandson), HIS)]
    }

    assert list(signed_in.values()) == [number_of(grandmother), number_of(grandson), number_of(grandson)]
    assert sign_in(number_of(grandson), HERS).status_code == 401


def test_one_password_of_both_is_asked_about_after_the_proof(grandmother: User, grandson: User) -> None:
    give_password(grandson, HERS)
    device = str(uuid7())

    asked = sign_in(FAMILY, HERS, id=device)
    answer = choose(asked, grandson, device)

    assert (asked.status_code, asked.json()["type"]) == (401, "/problems/person-needed")
    assert asked.json()["person"]["people"] == [
        {"number": number_of(grandmother), "name": "奶奶"},
        {"number": number_of(grandson), "name": "孙子"},
    ]
    assert (answer.status_code, answer.json()["me"]["number"]) == (200, number_of(grandson))
    assert Device.objects.get(pk=device).user == grandson
    assert not AccessAttempt.objects.exists(), "a right password costs nothing"


def test_a_wrong_password_is_told_nothing_of_the_family(
    grandmother: User, grandson: User, stranger: User
) -> None:
    answers = [sign_in(name, "a guess").json() for name in (FAMILY, stranger.phone, "13999999999")]

    assert answers[0] == answers[1] == answers[2]
    assert Choice.objects.count() == 0


def test_a_wrong_password_takes_as_many_hashes_for_any_phone_as_for_a_family_of_its_seeming_size(
    grandmother: User, grandson: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountedHasher.__name__}"]
    phones = [f"1370000{n:04d}" for n in range(60)]

    def hashes(name: str) -> int:
        CountedHasher.hashed.clear()
        sign_in(name, "a guess")
        return len(CountedHasher.hashed)

    assert [hashes(phone) for phone in phones] == [seeming_people(phone) for phone in phones]
    assert max(map(seeming_people, phones)) > 1
    share(grandmother, grandson, phone=next(phone for phone in phones if seeming_people(phone) == 2))
    assert hashes(User.objects.get(pk=grandson.pk).phone) == 2, "as before, when nobody had it"
    assert hashes(number_of(grandson)) == hashes("23456781") == 1


def test_closed_accounts_and_people_without_a_password_are_no_choice(
    grandmother: User, grandson: User
) -> None:
    give_password(grandson, HERS)
    User.objects.filter(pk=grandmother.pk).update(is_active=False)
    assert sign_in(FAMILY, HERS).json()["me"]["number"] == number_of(grandson)
    grandson.set_unusable_password()
    grandson.save()
    assert sign_in(FAMILY, HERS).status_code == 401


# --- the choice ---------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(grandmother: User, grandson: User) -> Any:
    """Let a device show the one password that both have."""
    give_password(grandson, HERS)
    return sign_in(FAMILY, HERS, id="019a0000-0000-7000-8000-000000000001")


DEVICE = "019a0000-0000-7000-8000-000000000001"


def test_a_choice_is_kept_as_a_hash_for_five_minutes(asked: Any, grandson: User) -> None:
    token = asked.json()["person"]["choice"]
    assert token not in str(list(Choice.objects.values()))

    Choice.objects.update(expires_at=F("expires_at") - choices.GOOD_FOR)
    late = choose(asked, grandson, DEVICE)

    assert (late.status_code, late.json()["type"]) == (401, "/problems/choice-over")
    assert choices.forget_choices(at=datetime.now(UTC)) == 2


def test_a_choice_opens_one_person_on_the_device_that_showed_the_password(
    asked: Any, grandmother: User, grandson: User, stranger: User
) -> None:
    elsewhere = choose(asked, grandson, str(uuid7()))
    of_no_family = choose(asked, stranger, DEVICE)
    first = choose(asked, grandson, DEVICE)
    again = choose(asked, grandson, DEVICE)
    other = choose(asked, grandmother, DEVICE)

    answers = [elsewhere, of_no_family, first, again, other]
    assert [answer.status_code for answer in answers] == [401, 401, 200, 200, 401]
    assert Device.objects.count() == 1
    assert client_with(again).get("/api/v1/me").json()["number"] == number_of(grandson)


def test_a_made_up_choice_opens_nobody(asked: Any, grandson: User) -> None:
    body = {"choice": "x" * 43, "number": number_of(grandson), "device": {"id": DEVICE}}
    answer = APIClient().post("/api/v1/sign-in/person", body, format="json")

    assert answer.json()["type"] == "/problems/choice-over"


def test_another_password_ends_the_choice_of_its_person_alone(
    asked: Any, grandmother: User, grandson: User
) -> None:
    give_password(grandson, HIS)

    assert choose(asked, grandson, DEVICE).status_code == 401
    assert choose(asked, grandmother, DEVICE).status_code == 200


def test_a_second_sign_in_voids_the_choice_of_the_first(asked: Any, grandson: User) -> None:
    other = str(uuid7())
    later = sign_in(FAMILY, HERS, id=other)

    assert choose(asked, grandson, DEVICE).status_code == 401
    assert choose(later, grandson, other).status_code == 200
    assert Choice.objects.count() == 1


def test_the_chosen_person_still_shows_the_second_factor(
    asked: Any, grandmother: User, grandson: User, at: datetime
) -> None:
    set_up(grandmother, at)

    answers = [choose(asked, grandmother, DEVICE).json()["type"] for _ in range(2)]

    assert answers == ["/problems/second-factor-needed"] * 2, "the answer may have been lost"
    assert Device.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_choices_at_once_one_counts(
    formation: Formation, make_volunteer: MakeVolunteer, race: Race, at: datetime
) -> None:
    family = [make_volunteer(formation.squadron_a).user for _ in range(2)]
    share(*family)
    users = list(User.objects.select_related("volunteer").filter(pk__in=[user.pk for user in family]))
    token = ask_which(users, device_id=None, at=at).choice

    outcomes = race(
        *[
            lambda user=user: take_choice(token=token, number=number_of(user), device_id=None, at=at)
            for user in users * 2
        ]
    )

    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ChoiceOver) for outcome in outcomes) == 3


# --- guesses ------------------------------------------------------------------------------------------------------


def test_walking_through_a_family_gives_no_more_guesses_than_one_account(
    grandmother: User, grandson: User
) -> None:
    names = [FAMILY, number_of(grandmother), number_of(grandson)]

    answers = [sign_in(names[turn % 3], "a guess").status_code for turn in range(10)]

    assert answers == [401] * 9 + [429]
    assert [sign_in(name, HERS).status_code for name in names] == [429] * 3
    assert sign_in(FAMILY, HERS, address="198.51.100.7").status_code == 200
    (row,) = AccessAttempt.objects.all()
    assert str(row.username).startswith("phone ")
    assert FAMILY not in str(row.username)


def test_guesses_of_many_addresses_lock_the_family_for_all(grandmother: User, grandson: User) -> None:
    names = [number_of(grandmother), number_of(grandson)]
    for turn in range(100):
        sign_in(names[turn % 2], "a guess", address=f"203.0.113.{turn // 5}")

    assert [sign_in(name, HERS).status_code for name in (FAMILY, *names)] == [429] * 3


def test_guesses_at_codes_count_for_the_phone_and_for_each_subtree_of_its_people(
    grandmother: User, grandson: User, leader: User, at: datetime
) -> None:
    code = give_sign_in_code(volunteer=grandmother.volunteer, by=leader, at=at).code
    names = [FAMILY, number_of(grandmother), number_of(grandson)]

    def enter(name: str, shown: str) -> int:
        body = {"identifier": name, "code": shown, "device": {"id": str(uuid7())}}
        return int(APIClient().post(CODE, body, format="json").status_code)

    answers = [enter(names[turn % 3], "000-000-000") for turn in range(10)]

    assert answers == [401] * 9 + [429]
    assert [enter(name, code) for name in names] == [429] * 3
    assert {str(row.username).split()[0] for row in AccessAttempt.objects.all()} == {"phone", "codes"}


# --- codes --------------------------------------------------------------------------------------------------------


def test_a_code_opens_the_person_whom_the_leader_named_and_nobody_else_of_the_phone(
    grandmother: User, grandson: User, commander: User, at: datetime
) -> None:
    made = give_sign_in_code(volunteer=grandson.volunteer, by=commander, at=at)
    device = str(uuid7())
    body = {"identifier": FAMILY, "code": made.code, "device": {"id": device}}

    answers = [APIClient().post(CODE, body, format="json") for _ in range(2)]

    assert made.name == "孙子", "what the leader reads out names the person"
    assert [answer.json()["me"]["number"] for answer in answers] == [number_of(grandson)] * 2
    assert Device.objects.get().user == grandson
    assert not code_opens(grandmother, made.code, at=at)


def test_a_phone_that_a_minor_shares_opens_no_adult_by_a_code_to_it(
    grandmother: User, grandson: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    grandfather = make_volunteer(formation.squadron_a).user
    assert phone_is_trusted(grandfather.volunteer, at)
    share(grandfather)

    trusted = [phone_is_trusted(one.volunteer, at) for one in (grandmother, grandfather, grandson)]

    assert trusted == [False, False, True]
    grandson.volunteer.born_on = None
    grandson.volunteer.save()
    assert [phone_is_trusted(one.volunteer, at) for one in (grandmother, grandson)] == [False, True], (
        "a person of unknown age may be either: no adult is opened, and their own elders are adults"
    )
    grandson.volunteer.born_on = at.date() - timedelta(days=19 * 366)
    grandson.volunteer.save()
    assert phone_is_trusted(grandmother.volunteer, at)


# --- one phone, several devices -----------------------------------------------------------------------------------


def test_people_of_one_phone_are_signed_in_beside_each_other_and_out_alone(
    grandmother: User, grandson: User
) -> None:
    installation = str(uuid7())
    hers, his = (sign_in(FAMILY, secret, installation=installation) for secret in (HERS, HIS))

    client_with(his).post("/api/v1/sign-out")

    assert client_with(his).get("/api/v1/me").status_code == 401
    assert client_with(hers).get("/api/v1/me").json()["number"] == number_of(grandmother)
    assert len(client_with(hers).get("/api/v1/me/devices").json()) == 1


def test_an_installation_has_one_sign_in_of_a_person(grandmother: User, grandson: User) -> None:
    installation, elsewhere = str(uuid7()), sign_in(FAMILY, HERS)
    his = sign_in(FAMILY, HIS, installation=installation)
    first, second = (sign_in(FAMILY, HERS, installation=installation) for _ in range(2))

    answers = [client_with(one).get("/api/v1/me").status_code for one in (elsewhere, his, first, second)]

    assert answers == [200, 200, 401, 200]


def test_duty_goes_on_when_a_person_signs_in_anew_on_the_installation(
    grandmother: User, grandson: User
) -> None:
    installation = str(uuid7())
    first = sign_in(FAMILY, HERS, installation=installation)
    client_with(first).put("/api/v1/me/duty", {"on": True}, format="json")

    second = sign_in(FAMILY, HERS, installation=installation)

    assert client_with(second).get("/api/v1/me").json()["duty"]["on"] is True


def test_a_post_of_one_leaves_the_sign_in_of_the_other(
    grandmother: User, grandson: User, formation: Formation, at: datetime
) -> None:
    hers, his = (sign_in(FAMILY, secret) for secret in (HERS, HIS))

    services.appoint(
        volunteer=grandmother.volunteer, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at
    )

    assert [client_with(one).get("/api/v1/me").status_code for one in (hers, his)] == [200, 200]
    lasting = dict(Device.objects.values_list("user", "lasts_long"))
    assert lasting == {grandmother.pk: False, grandson.pk: True}


def test_a_device_of_one_person_is_none_of_another(grandmother: User, grandson: User) -> None:
    device = str(uuid7())
    sign_in(FAMILY, HERS, id=device)

    assert sign_in(FAMILY, HIS, id=device).json()["type"] == "/problems/device-taken"


def test_a_phone_has_places_for_eight(formation: Formation, make_volunteer: MakeVolunteer) -> None:
    people = [make_volunteer(formation.squadron_a).user for _ in range(MOST_OF_PHONE)]
    share(*people)

    asked = sign_in(FAMILY, PASSWORD)

    assert len(asked.json()["person"]["people"]) == MOST_OF_PHONE
