"""Who holds a socket, and which topics are theirs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.accounts.models import Device, User
from backend.accounts.services.devices import refresh_tokens, revoke_device
from backend.accounts.tokens import tokens_for
from backend.lib.errors import NotAllowed, NotSignedIn
from backend.realtime.registry import Credentials, Principal
from backend.realtime.services import sign_in_socket
from backend.volunteers import services, topics
from backend.volunteers.models import Role
from tests.conftest import Formation, MakeVolunteer, SignedInClient
from tests.pages import page_of

ClientOf = Callable[[User], SignedInClient]


def authenticate(credentials: Credentials, at: datetime) -> Principal:
    return sign_in_socket(credentials, at=at)


def principal(user: User) -> Principal:
    return topics.principal_of_user(user)


def test_token_makes_a_principal_in_two_queries(
    formation: Formation,
    make_volunteer: MakeVolunteer,
    client_of: ClientOf,
    django_assert_num_queries: Callable[..., Any],
    at: datetime,
) -> None:
    medic = make_volunteer(formation.squadron_a, skills=["healthcare", "first-aid"])
    services.appoint(volunteer=medic, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)
    token = client_of(medic.user).tokens.access

    with django_assert_num_queries(2):
        found = authenticate(Credentials(token=token), at)

    assert found.person == medic.number
    assert found.tags == {"skill:healthcare", "skill:first-aid", "post:deputy", "adult"}
    assert found.session == Device.objects.get().session
    assert found.expires_at == at + timedelta(minutes=15)


def test_socket_that_shows_a_new_pair_ends_the_spent_refresh_token(
    volunteer: User, client_of: ClientOf, django_assert_num_queries: Callable[..., Any], at: datetime
) -> None:
    client_of(volunteer)
    before = tokens_for(
        Device.objects.get(), number=volunteer.volunteer.number, at=at - timedelta(minutes=10)
    )
    after = refresh_tokens(refresh=before.refresh, at=at)

    authenticate(Credentials(token=before.access), at)
    assert not Device.objects.get().pair_arrived

    with django_assert_num_queries(3):
        authenticate(Credentials(token=after.access), at)
    with django_assert_num_queries(2):
        authenticate(Credentials(token=after.access), at)

    assert refresh_tokens(refresh=before.refresh, at=at + timedelta(seconds=60)).refresh
    with pytest.raises(NotSignedIn):
        refresh_tokens(refresh=before.refresh, at=at + timedelta(seconds=61))


def test_minor_is_not_tagged_adult(formation: Formation, make_volunteer: MakeVolunteer) -> None:
    minor = make_volunteer(formation.squadron_a, adult=False)

    assert "adult" not in principal(minor.user).tags


def test_revoked_device_may_not_come_back(volunteer: User, client_of: ClientOf, at: datetime) -> None:
    token = client_of(volunteer).tokens.access
    revoke_device(device_id=Device.objects.get().pk, by=volunteer, at=at)

    with pytest.raises(NotAllowed):
        authenticate(Credentials(token=token), at)


@pytest.mark.parametrize(
    "credentials", [Credentials(), Credentials(token="nonsense"), Credentials(session_key="nonsense")]
)
def test_wrong_credentials_have_to_sign_in(db: None, at: datetime, credentials: Credentials) -> None:
    with pytest.raises(NotSignedIn):
        authenticate(credentials, at)


def test_page_session_makes_a_principal(volunteer: User, at: datetime) -> None:
    page = page_of(volunteer, at)

    found = authenticate(Credentials(session_key=page.session.session_key), at)

    assert found.person == volunteer.volunteer.number
    assert found.expires_at is None


def test_page_session_ends_with_the_password(volunteer: User, at: datetime) -> None:
    page = page_of(volunteer, at)
    volunteer.set_password("another one")
    volunteer.save()

    with pytest.raises(NotSignedIn):
        authenticate(Credentials(session_key=page.session.session_key), at)


def test_own_topics_are_the_person_and_the_line_above(volunteer: User, formation: Formation) -> None:
    line = (
        formation.headquarters,
        formation.corps,
        formation.detachment,
        formation.brigade,
        formation.squadron_a,
    )

    assert topics.topics_of([principal(volunteer)])[0] == [
        volunteer.volunteer.topic,
        *(unit.topic for unit in line),
    ]


def test_own_topics_include_the_units_of_posts(stranger: User, formation: Formation, at: datetime) -> None:
    assert topics.topics_of([principal(stranger)])[0] == [stranger.volunteer.topic]

    services.appoint(volunteer=stranger.volunteer, unit=formation.corps, role=Role.LEADER, by=None, at=at)

    own = [stranger.volunteer.topic, formation.headquarters.topic, formation.corps.topic]
    assert topics.topics_of([principal(stranger)])[0] == own


def test_person_topic_is_one_s_own(volunteer: User, stranger: User) -> None:
    own = f"{volunteer.volunteer.number:08d}"

    assert topics.may_join_person(principal(volunteer), own)
    assert not topics.may_join_person(principal(stranger), own)


def test_unit_topic_is_for_those_who_see_the_unit(
    commander: User, volunteer: User, sibling_leader: User, stranger: User, formation: Formation
) -> None:
    joined = [
        topics.may_join_unit(principal(user), formation.squadron_a.number)
        for user in (commander, volunteer, sibling_leader, stranger)
    ]

    assert joined == [True, True, False, False]
    assert not topics.may_join_unit(principal(commander), "nonsense")


def test_snapshot_of_a_person_is_me(volunteer: User) -> None:
    me = topics.me(principal(volunteer), "")

    assert me["number"] == f"{volunteer.volunteer.number:08d}"


def test_principal_of_a_request_has_no_session(volunteer: User) -> None:
    assert principal(volunteer).session == UUID(int=0)
