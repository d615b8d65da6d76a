"""REST doors to people and the formation."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.lib.api import answer, now, parse
from backend.lib.errors import require
from backend.volunteers import queries, rules, services
from backend.volunteers.authentication import device_of, django_request, user_of
from backend.volunteers.schemas import (
    DeviceOut,
    Devices,
    DutyIn,
    DutyOut,
    LanguageIn,
    Me,
    RefreshIn,
    SignedIn,
    SignIn,
    Tokens,
    UnitCounts,
    UnitsCounted,
)
from backend.volunteers.signin import checked_user


class SignInDoor(APIView):
    """Opens with a password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="sign_in", request=SignIn, responses=SignedIn, tags=["sign-in"], auth=[])
    def post(self, request: Request) -> Response:
        """Sign in by volunteer number or phone; the tokens are for this device."""
        body = parse(SignIn, request)
        user = checked_user(django_request(request), body.identifier, body.password)
        return answer(services.sign_in(user=user, device=body.device, at=now()))


class RefreshDoor(APIView):
    """Opens with a refresh token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="refresh_tokens", request=RefreshIn, responses=Tokens, tags=["sign-in"], auth=[]
    )
    def post(self, request: Request) -> Response:
        """Spend the refresh token for a new pair. If the answer is lost, ask again within a minute."""
        body = parse(RefreshIn, request)
        return answer(services.refresh_tokens(refresh=body.refresh, at=now()))


class SignOutDoor(APIView):
    """Closes behind a device."""

    @extend_schema(operation_id="sign_out", request=None, responses={204: None}, tags=["sign-in"])
    def post(self, request: Request) -> Response:
        """End this device's tokens and sockets, and one's duty."""
        services.sign_out(device_id=device_of(request), by=user_of(request), at=now())
        return answer(None)


class MeDoor(APIView):
    """Oneself."""

    @extend_schema(operation_id="me", responses=Me, tags=["me"])
    def get(self, request: Request) -> Response:
        """Return oneself: number, duty, units, posts, skills, and what one may dispatch."""
        return answer(queries.me_of(user_of(request), at=now()))


class DutyDoor(APIView):
    """One's duty."""

    @extend_schema(operation_id="set_duty", request=DutyIn, responses=DutyOut, tags=["me"])
    def put(self, request: Request) -> Response:
        """Go on or off duty."""
        body = parse(DutyIn, request)
        return answer(services.set_duty(on=body.on, until=body.until, by=user_of(request), at=now()))


class LanguageDoor(APIView):
    """One's language."""

    @extend_schema(operation_id="choose_language", request=LanguageIn, responses=Me, tags=["me"])
    def put(self, request: Request) -> Response:
        """Choose the language of pages and notifications."""
        user, at = user_of(request), now()
        services.choose_language(language=parse(LanguageIn, request).language, by=user, at=at)
        return answer(queries.me_of(user, at=at))


class DevicesDoor(APIView):
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


class DeviceDoor(APIView):
    """One device of one's own."""

    @extend_schema(operation_id="revoke_device", responses={204: None}, tags=["me"])
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Sign a device out from afar, for example a lost phone."""
        services.revoke_device(device_id=device_id, by=user_of(request), at=now())
        return answer(None)


class UnitDoor(APIView):
    """A unit of the formation."""

    @extend_schema(operation_id="unit", responses=UnitCounts, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return a unit with the live counts of its whole subtree."""
        unit, at = queries.unit_by_number(number), now()
        require(rules.may_see_unit(user_of(request), unit, at))
        return answer(queries.counts_of(unit, at=at))


class UnitChildrenDoor(APIView):
    """The units directly below."""

    @extend_schema(operation_id="unit_children", responses=UnitsCounted, tags=["units"])
    def get(self, request: Request, number: str) -> Response:
        """Return the direct sub-units with their live counts, for those who may dispatch the unit."""
        unit, at = queries.unit_by_number(number), now()
        require(rules.may_dispatch(user_of(request), unit, at))
        return answer(queries.counts_of_children(unit, at=at))
