"""REST views of tokens and one's devices."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import queries
from backend.accounts.authentication import device_of, user_of
from backend.accounts.models import Platform
from backend.accounts.schemas.sign_in import DeviceOut, Devices, RefreshIn, Tokens
from backend.accounts.services.devices import refresh_tokens, revoke_device
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime.views import View


class RefreshView(View):
    """Opens with a refresh token."""

    by_introduced = ("post",)

    repeatable = ("post",)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="refresh_tokens", request=RefreshIn, responses=Tokens, tags=["sign-in"], auth=[]
    )
    def post(self, request: Request) -> Response:
        """Spend the refresh token for a new pair. If the answer is lost, ask again with it, today or tomorrow."""
        body = parse(RefreshIn, request)
        return answer(refresh_tokens(refresh=body.refresh, at=now()))


class DevicesView(View):
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
                    platform=Platform(device.platform),
                    last_seen_at=device.last_seen_at,
                    current=device.pk == current,
                    introduced=device.introduced,
                )
                for device in queries.devices_of(user_of(request))
            ]
        )


class DeviceView(View):
    """One device of one's own."""

    @extend_schema(operation_id="revoke_device", responses={204: None}, tags=["me"])
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Sign a device out from afar, for example a lost phone."""
        revoke_device(device_id=device_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, device_id: UUID) -> Response:
        """Leave a device alone that has signed in again since."""
        require(user_of(request).devices.filter(pk=device_id).exists())
        return answer(None)
