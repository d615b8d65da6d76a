"""Doors of signing in and out."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.lib.api import answer, now, parse, parse_or_default
from backend.lib.errors import require
from backend.realtime.doors import Door, replayed
from backend.volunteers import queries, services
from backend.volunteers.authentication import device_of, django_request, user_of
from backend.volunteers.schemas import DeviceOut, Devices, RefreshIn, SignedIn, SignIn, SignOutIn, Tokens
from backend.volunteers.services.second_factors import require_second_factor
from backend.volunteers.signin import checked_user


class SignInDoor(Door):
    """Opens with a password."""

    own_keys = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def content(self, request: Request, **_: Any) -> str:
        """Return who signs in where; the password is checked anew each time, and no trace of it is kept."""
        body = parse(SignIn, request)
        return f"{body.identifier} {body.device.model_dump_json()}"

    @extend_schema(operation_id="sign_in", request=SignIn, responses=SignedIn, tags=["sign-in"], auth=[])
    def post(self, request: Request) -> Response:
        """Sign in by volunteer number or phone; the tokens are for this device.

        A person who has a second factor is answered `second-factor-needed`, with the challenge for the next step.
        """
        body = parse(SignIn, request)
        user = checked_user(django_request(request), body.identifier, body.password)
        at = now()  # checking a password takes its time, and the answer tells it
        require_second_factor(user=user, device_id=body.device.id, trust_secret=body.trust_secret, at=at)
        if self.wanted is None:
            return answer(services.sign_in(user=user, device=body.device, at=at))
        signed_in, is_again = services.sign_in_once(user=user, device=body.device, once=self.wanted, at=at)
        return replayed(answer(signed_in)) if is_again else answer(signed_in)


class RefreshDoor(Door):
    """Opens with a refresh token."""

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="refresh_tokens", request=RefreshIn, responses=Tokens, tags=["sign-in"], auth=[]
    )
    def post(self, request: Request) -> Response:
        """Spend the refresh token for a new pair. If the answer is lost, ask again with it, today or tomorrow."""
        body = parse(RefreshIn, request)
        return answer(services.refresh_tokens(refresh=body.refresh, at=now()))


class SignOutDoor(Door):
    """Closes behind a device."""

    repeatable = ("post",)

    @extend_schema(operation_id="sign_out", request=SignOutIn, responses={204: None}, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        """End this device's tokens and sockets; with one's last device, or when asked, one's duty."""
        end_duty = parse_or_default(SignOutIn, request).end_duty
        services.sign_out(device_id=device_of(request), end_duty=end_duty, by=user_of(request), at=now())
        return answer(None)


class DevicesDoor(Door):
    """One's devices."""

    @extend_schema(operation_id="devices", responses=Devices, tags=["me"])
    def get(self, request: Request) -> Response:
        """Return the devices on which one is signed in, the one seen last first."""
        current = device_of(request)
        return answer(
            [
                DeviceOut(
                    id=device.pk,
                    name=device.name,
                    platform=device.platform,
                    last_seen_at=device.last_seen_at,
                    current=device.pk == current,
                )
                for device in queries.devices_of(user_of(request))
            ]
        )


class DeviceDoor(Door):
    """One device of one's own."""

    @extend_schema(operation_id="revoke_device", responses={204: None}, tags=["me"])
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Sign a device out from afar, for example a lost phone."""
        services.revoke_device(device_id=device_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, device_id: UUID) -> Response:
        """Leave a device alone that has signed in again since."""
        require(user_of(request).devices.filter(pk=device_id).exists())
        return answer(None)
