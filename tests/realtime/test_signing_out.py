"""A device that is revoked loses all its sockets at once, however it is revoked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services import devices, second_factors
from backend.accounts.services.devices import refresh_tokens
from backend.accounts.services.invitations import accept_invitation
from backend.accounts.services.passwords import change_password
from backend.joining.services.invitations import invite
from backend.lib.errors import NotSignedIn
from tests.conftest import PASSWORD
from tests.realtime.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User], Any]


async def test_refresh_token_used_again_closes_all_sockets_of_the_device_and_no_others(
    connect: Connect, volunteer: User, client_of: ClientOf
) -> None:
    phone = await sync_to_async(client_of)(volunteer)
    sockets = [await connect(token=phone.tokens.access) for _ in range(3)]
    another_device = await connect(volunteer)

    def use_a_spent_token() -> None:
        first = phone.tokens.refresh
        second = refresh_tokens(refresh=first, at=datetime.now(UTC))
        refresh_tokens(refresh=second.refresh, at=datetime.now(UTC))
        with pytest.raises(NotSignedIn):
            refresh_tokens(refresh=first, at=datetime.now(UTC))

    await sync_to_async(use_a_spent_token)()

    assert [await socket.receive() for socket in sockets] == [{"close": 4403}] * 3
    assert (await connect(token=phone.tokens.access)).welcome == {"close": 4403}  # type: ignore[attr-defined]
    assert (await another_device.command("duty.set", {"on": True}))["result"]["on"]


async def test_device_signed_out_from_afar_loses_its_sockets(
    connect: Connect, volunteer: User, client_of: ClientOf
) -> None:
    lost, kept = [await sync_to_async(client_of)(volunteer) for _ in range(2)]
    sockets = [await connect(token=lost.tokens.access) for _ in range(2)]

    def sign_it_out() -> None:
        ids = {one["id"] for one in lost.get("/api/v1/me/devices").json() if one["current"]}
        assert kept.delete(f"/api/v1/me/devices/{ids.pop()}").status_code == 204

    await sync_to_async(sign_it_out)()

    assert [await socket.receive() for socket in sockets] == [{"close": 4403}] * 2
    assert (await connect(token=kept.tokens.access)).welcome["volunteer"]  # type: ignore[attr-defined]


async def test_changed_password_closes_the_sockets_of_other_devices(
    connect: Connect, volunteer: User, client_of: ClientOf
) -> None:
    other = await connect(volunteer)
    here = await sync_to_async(client_of)(volunteer)
    own = await connect(token=here.tokens.access)

    def change() -> None:
        device = Device.objects.filter(user=volunteer).latest("created_at", "pk").pk
        change_password(new="eleven green bicycles", device_id=device, by=volunteer, at=datetime.now(UTC))

    await sync_to_async(change)()

    assert await other.receive() == {"close": 4403}
    assert await own.is_silent()


@pytest.mark.usefixtures("connect")
async def test_app_that_signs_in_as_the_device_of_a_page_closes_the_sockets_of_the_page(
    volunteer: User,
) -> None:
    def sign_in() -> str:
        page, number = Client(), f"{volunteer.volunteer.number:08d}"
        page.post("/sign-in/", {"identifier": number, "password": PASSWORD})
        return page.cookies[settings.SESSION_COOKIE_NAME].value

    cookie = await sync_to_async(sign_in)()
    headers = {"cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "host": "here", "origin": "http://here"}
    socket = await Socket(headers, ["muster.v1"]).open()
    assert (await socket.hello())["volunteer"]

    def take_over() -> None:
        device = DeviceIn(id=Device.objects.get(user=volunteer).pk)
        devices.sign_in(user=volunteer, device=device, at=datetime.now(UTC))

    await sync_to_async(take_over)()

    assert await socket.receive() == {"close": 4403}
    await socket.communicator.disconnect()


async def test_invitation_closes_what_was_open(
    connect: Connect, volunteer: User, leader: User, client_of: ClientOf
) -> None:
    socket = await connect(volunteer)

    def accept() -> None:
        at = datetime.now(UTC)
        (made,) = invite(volunteers=[volunteer.volunteer], by=leader, at=at)
        accept_invitation(user=volunteer, code=made.code, password="eleven green bicycles", at=at)

    await sync_to_async(accept)()

    # What the device is told before it is closed, and whether it still hears of the end of its duty, takes turns.
    told = await socket.receive()
    while told.get("type") in ("invitation.accepted", "duty.changed"):
        told = await socket.receive()
    assert told == {"close": 4403}


async def test_code_of_a_sign_in_comes_to_the_sockets_of_its_person_alone(
    connect: Connect, leader: User, volunteer: User, client_of: ClientOf
) -> None:
    own, others = await connect(leader), await connect(volunteer)

    def ask() -> None:
        import pyotp

        at = datetime.now(UTC) - timedelta(minutes=2)
        secret = second_factors.begin_second_factor(by=leader, at=at).secret
        second_factors.confirm_second_factor(
            code=pyotp.TOTP(secret).at(at), device_id=uuid7(), by=leader, at=at
        )
        body = {
            "identifier": f"{leader.volunteer.number:08d}",
            "password": "correct horse battery",
            "device": {"id": str(uuid7())},
        }
        told = APIClient().post("/api/v1/sign-in", body, format="json").json()
        challenge = {"challenge": told["second_factor"]["challenge"]}
        sent = APIClient().post("/api/v1/sign-in/second-factor/code", challenge, format="json")
        assert sent.status_code == 204

    await sync_to_async(ask)()

    told = await own.event("sign_in.code")
    assert len(told["data"]["code"]) == 6
    assert await others.is_silent()
