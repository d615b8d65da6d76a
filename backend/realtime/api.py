"""REST views of realtime, for phones in networks that block sockets."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import require
from backend.realtime import health, metrics, services
from backend.realtime.frames import EventFrame
from backend.realtime.registry import principal_behind
from backend.realtime.schemas import (
    CatchUpIn,
    CatchUpOut,
    CaughtUp,
    Health,
    ReceiptsIn,
    ReceiptsOut,
)
from backend.realtime.views import View


class CatchUp(View):
    by_introduced = ("post",)
    repeatable = uncounted = ("post",)

    @extend_schema(operation_id="catch_up", request=CatchUpIn, responses=CatchUpOut, tags=["realtime"])
    def post(self, request: Request) -> Response:
        """Read what was missed since the cursors, as `hello` does on the socket."""
        body = parse(CatchUpIn, request)
        reached = services.Reached(body.epoch, body.cursors)
        return answer(_caught_up(services.catch_up(principal_behind(request.user), reached), at=now()))


class Receipts(View):
    by_introduced = ("post",)
    repeatable = uncounted = ("post",)

    @extend_schema(
        operation_id="report_receipts", request=ReceiptsIn, responses=ReceiptsOut, tags=["realtime"]
    )
    def post(self, request: Request) -> Response:
        """Tell how far the phone has received and its person has seen its topics."""
        body = parse(ReceiptsIn, request)
        delivered, seen = (services.Reached(body.epoch, told) for told in (body.delivered, body.seen))
        taken = services.store_receipts(principal_behind(request.user), delivered, seen, at=now())
        return answer(ReceiptsOut(epoch=taken.epoch, unknown=taken.unknown))


class Alive(APIView):
    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Tell that the process answers."""
        return answer(Health(ok=True, checks={}))


class Ready(APIView):
    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Tell whether this process can do its work: its database answers, its hub reads the log, it serves files.

        The bus is reported too, but does not fail the check: without it events come from the log, a second later.
        Neither do `alarms`, which are for the operator.
        """
        checks = health.checks()
        ok = checks["database"] and checks["log"] and checks["serving"]
        return answer(Health(ok=ok, checks=checks, alarms=health.alarms()), status=200 if ok else 503)


class Metrics(APIView):
    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Return the metrics of this process to a caller with `METRICS_TOKEN`; without the setting answer 404."""
        wanted = settings.METRICS_TOKEN
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        require(bool(wanted) and constant_time_compare(given, wanted))
        metrics.read_audit()
        return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _caught_up(opening: services.Opening, *, at: datetime) -> CatchUpOut:
    events: dict[str, list[EventFrame]] = {name: [] for name in opening.topics}
    for message in opening.missed:
        events[message.topic].append(EventFrame.model_validate_json(message.text))
    return CatchUpOut(
        epoch=opening.epoch,
        topics={
            name: CaughtUp(
                head=joined.head, recovered=joined.recovered, snapshot=joined.snapshot, events=events[name]
            )
            for name, joined in opening.topics.items()
        },
        unknown=list(opening.unknown),
        server_time=at,
    )
