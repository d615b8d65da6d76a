"""Duty ends with the last device on which a person is signed in, and only then, unless they ask for it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import Device, User
from backend.accounts.services.devices import refresh_tokens, register_page_device
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.passwords import change_password
from backend.joining.services.invitations import invite
from backend.lib.errors import NotSignedIn
from backend.tracking.models import LatestPosition
from backend.volunteers import due, services
from backend.volunteers.models import Purpose, Volunteer
from backend.volunteers.queries import counts_of
from backend.volunteers.schemas import DutyOut
from backend.volunteers.services.consents import withdraw_consent
from backend.volunteers.services.counts import recount
from backend.volunteers.services.standing import retire, suspend
from tests.conftest import PASSWORD, Formation, Published, Race, SignedInClient
from tests.pages import page_of

ClientOf = Callable[[User], SignedInClient]
SIGN_OUT = "/api/v1/sign-out"
SIGN_IN = settings.MUSTER.idle_without_post
"""How long a volunteer stays signed in on a phone that does not renew its tokens, and on a page."""


def on_duty(user: User) -> bool:
    return Volunteer.objects.get(user=user).duty_until is not None


def reasons(published: Published) -> list[str]:
    return [data["reason"] for _, _, data in published(type="duty.changed")]


def own_id(client: SignedInClient) -> str:
    (device,) = [one["id"] for one in client.get("/api/v1/me/devices").json() if one["current"]]
    return str(device)


def test_signing_out_leaves_the_duty_of_another_device(
    volunteer: User, client_of: ClientOf, published: Published
) -> None:
    borrowed, own = client_of(volunteer), client_of(volunteer)

    assert borrowed.post(SIGN_OUT).status_code == 204

    assert (on_duty(volunteer), reasons(published)) == (True, [])
    assert own.get("/api/v1/me").json()["duty"]["on"]
    own.post(SIGN_OUT)
    assert (on_duty(volunteer), reasons(published)) == (False, ["signed_out"])


def test_signing_out_ends_duty_when_asked(volunteer: User, client_of: ClientOf, published: Published) -> None:
    one, other = client_of(volunteer), client_of(volunteer)

    assert one.post(SIGN_OUT, {"end_duty": True}, format="json").status_code == 204

    assert (on_duty(volunteer), reasons(published)) == (False, ["asked"])
    assert other.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("body", [{"end_duty": "perhaps"}, {"endduty": True}])
def test_a_wrong_body_signs_nothing_out(volunteer: User, client_of: ClientOf, body: dict[str, Any]) -> None:
    client = client_of(volunteer)

    assert client.post(SIGN_OUT, body, format="json").status_code == 422
    assert client.get("/api/v1/me").status_code == 200


def test_devices_signed_out_from_afar_end_duty_with_the_last(
    volunteer: User, client_of: ClientOf, published: Published
) -> None:
    lost, kept = client_of(volunteer), client_of(volunteer)

    assert kept.delete(f"/api/v1/me/devices/{own_id(lost)}").status_code == 204
    assert (on_duty(volunteer), reasons(published)) == (True, [])

    assert kept.delete(f"/api/v1/me/devices/{own_id(kept)}").status_code == 204
    assert (on_duty(volunteer), reasons(published)) == (False, ["signed_out"])


def use_a_spent_token(client: SignedInClient, at: datetime) -> None:
    first = client.tokens.refresh
    second = refresh_tokens(refresh=first, at=at)
    refresh_tokens(refresh=second.refresh, at=at)
    with pytest.raises(NotSignedIn):
        refresh_tokens(refresh=first, at=at)


def test_a_stolen_refresh_token_ends_duty_with_the_last_device(
    volunteer: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    one, other = client_of(volunteer), client_of(volunteer)

    use_a_spent_token(one, at)
    assert (on_duty(volunteer), reasons(published)) == (True, [])

    use_a_spent_token(other, at)
    assert (on_duty(volunteer), reasons(published)) == (False, ["signed_out"])
    assert Device.objects.filter(revoked_at=None).count() == 0


def test_a_changed_password_leaves_duty_to_the_device_that_changed_it(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    _, here = client_of(volunteer), client_of(volunteer)
    device = Device.objects.get(pk=own_id(here)).pk

    change_password(new="eleven green bicycles", device_id=device, by=volunteer, at=at)

    assert on_duty(volunteer)
    assert here.get("/api/v1/me").status_code == 200


def test_an_invitation_ends_the_duty_with_the_devices_that_it_ends(
    volunteer: User, leader: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    client_of(volunteer)
    (made,) = invite(volunteers=[volunteer.volunteer], by=leader, at=at)

    accept_invitation(user=volunteer, code=made.code, password="eleven green bicycles", at=at)

    assert (on_duty(volunteer), reasons(published)) == (False, ["signed_out"])


def test_a_device_whose_sign_in_has_run_out_holds_no_duty(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    client_of(volunteer)
    Device.objects.update(last_seen_at=at - SIGN_IN)

    client_of(volunteer).post(SIGN_OUT)

    assert not on_duty(volunteer)


def test_a_page_whose_session_has_run_out_holds_no_duty(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    page = register_page_device(user=volunteer, at=at)
    phone = client_of(volunteer)
    Device.objects.filter(pk=page.pk).update(last_seen_at=at - SIGN_IN)

    phone.post(SIGN_OUT)

    assert not on_duty(volunteer)


def test_duty_ends_when_the_last_sign_in_runs_out_meanwhile(
    volunteer: User, outsider: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    client_of(volunteer), client_of(outsider)
    Device.objects.filter(user=volunteer).update(last_seen_at=at - SIGN_IN + timedelta(minutes=5))

    assert due.end_duty_of_run_out(at=at) == 0
    assert due.end_duty_of_run_out(at=at + timedelta(minutes=5)) == 1
    assert due.end_duty_of_run_out(at=at + timedelta(minutes=6)) == 0

    assert (on_duty(volunteer), on_duty(outsider)) == (False, True)
    assert [topic for topic, *_ in published(type="duty.changed")] == [volunteer.volunteer.topic]


def test_whoever_has_never_signed_in_keeps_the_duty_that_they_were_given(
    volunteer: User, at: datetime
) -> None:
    assert due.end_duty_of_run_out(at=at) == 0
    assert on_duty(volunteer)


def test_counts_and_maps_follow_the_end_of_the_last_device(
    volunteer: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(volunteer)
    LatestPosition.objects.create(
        person=volunteer.volunteer.number, scope="0001", at=at, received_at=at, lon=119.89, lat=29.45
    )

    client.post(SIGN_OUT)

    assert counts_of(formation.squadron_a).on_duty == 0
    assert recount(at=at) == 0
    assert LatestPosition.objects.get().scope == ""


def test_events_of_duty_say_why(
    volunteer: User, leader: User, outsider: User, published: Published, at: datetime
) -> None:
    number = f"{volunteer.volunteer.number:08d}"
    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=at)
    services.set_duty(on=False, by=volunteer, at=at)
    services.set_duty(on=True, by=volunteer, at=at)
    suspend(number=number, reason="rest", by=leader, at=at)
    retire(number=f"{outsider.volunteer.number:08d}", by=outsider, at=at)
    services.set_duty(on=True, by=leader, at=at)
    due.end_overlong_duty(at=at + timedelta(days=1))

    assert reasons(published) == ["consent", "asked", "asked", "suspended", "retired", "asked", "too_long"]


def test_signing_out_takes_the_same_queries_however_many_devices(
    volunteer: User, client_of: ClientOf
) -> None:
    def queries() -> int:
        client = client_of(volunteer)
        with CaptureQueriesContext(connection) as captured:
            client.post(SIGN_OUT)
        return len(captured)

    client_of(volunteer)
    with_two = queries()
    for _ in range(3):
        client_of(volunteer)

    assert queries() == with_two


@pytest.mark.postgres
def test_of_two_devices_that_sign_out_at_once_one_is_the_last(
    race: Race, volunteer: User, client_of: ClientOf, published: Published
) -> None:
    clients = [client_of(volunteer) for _ in range(4)]

    answers = race(*[lambda client=client: client.post(SIGN_OUT).status_code for client in clients])

    assert answers == [204] * 4
    assert (on_duty(volunteer), reasons(published)) == (False, ["signed_out"])


@pytest.mark.postgres
def test_duty_that_is_begun_while_the_last_device_signs_out_ends_with_it_or_is_refused(
    race: Race, volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    """Each request was let in while its token was good; the sign-out may commit before or after the act."""
    for _ in range(4):
        client = client_of(volunteer)
        services.set_duty(on=False, by=volunteer, at=at)
        device = Device.objects.get(user=volunteer, revoked_at=None).pk
        goes_on = [lambda: services.set_duty(on=True, by=volunteer, at=at) for _ in range(3)]

        answers = race(*goes_on, partial(client.post, SIGN_OUT))

        assert answers[-1].status_code == 204
        assert {type(answer) for answer in answers[:-1]} <= {DutyOut, NotSignedIn}
        assert not on_duty(volunteer)
        assert Device.objects.get(pk=device).revoked_at is not None
    assert recount(at=at) == 0


def until_a_lock_is_waited_for() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            sleep(0.01)


@pytest.mark.postgres
def test_signing_out_waits_for_duty_that_is_being_begun(
    race: Race, volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    """Whoever is off duty is waited for as well: the act that has not committed would put them on."""
    client, begun = client_of(volunteer), Event()
    services.set_duty(on=False, by=volunteer, at=at)

    def go_on() -> None:
        with transaction.atomic():
            services.set_duty(on=True, by=volunteer, at=at)
            begun.set()
            until_a_lock_is_waited_for()

    def sign_out() -> int:
        begun.wait()
        return client.post(SIGN_OUT).status_code

    assert race(go_on, sign_out) == [None, 204]
    assert not on_duty(volunteer)


def test_whoever_was_signed_out_meanwhile_does_not_go_on_duty(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    client_of(volunteer).post(SIGN_OUT)

    with pytest.raises(NotSignedIn):
        services.set_duty(on=True, by=volunteer, at=at)
    assert not on_duty(volunteer)


def test_a_page_on_which_the_password_was_changed_holds_duty_as_long_as_its_new_session(
    volunteer: User, at: datetime
) -> None:
    page, body = page_of(volunteer, at), {"current": PASSWORD, "new": "eleven green bicycles"}
    Device.objects.update(last_seen_at=at - timedelta(days=10))

    answer = page.post("/api/v1/me/password", body, content_type="application/json")

    assert answer.status_code == 204
    assert Device.objects.get().last_seen_at > at - timedelta(days=1)
