"""REST views of other makers' tracking apps: their reports, and their secrets."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pydantic_core
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import Malformed, NotSignedIn, require
from backend.realtime.views import View
from backend.tracking.models import WhyNotStored
from backend.tracking.queries.trackers import trackers_of
from backend.tracking.schemas.trackers import TrackerIn, TrackerMade, TrackerOut, Trackers
from backend.tracking.services.trackers import (
    make_tracker,
    report_by_tracker,
    revoke_tracker,
    tracker_by_secret,
)
from backend.tracking.tracker_formats import (
    OwnTracksLocation,
    Told,
    TraccarReport,
    locations_of,
    told_by_osmand,
    told_by_owntracks,
    told_by_traccar,
)

_NAMES = ("id", "lat", "lon", "timestamp", "speed", "accuracy", "batt")
_PARAMETERS: Any = {"type": "object", "properties": {name: {"type": "string"} for name in _NAMES}}


class TrackersView(View):
    """The caller's trackers."""

    secret = ("post",)

    @extend_schema(operation_id="trackers", responses=Trackers, tags=["trackers"])
    def get(self, request: Request) -> Response:
        """Return one's trackers that are good, without their secrets."""
        trackers = trackers_of(user_of(request), at=now())
        return answer([TrackerOut.of(tracker) for tracker in trackers])

    @extend_schema(
        operation_id="make_tracker", request=TrackerIn, responses={201: TrackerMade}, tags=["trackers"]
    )
    def post(self, request: Request) -> Response:
        """Make a tracker for OwnTracks, OsmAnd or Traccar Client; the secret is told this once."""
        made = make_tracker(wanted=parse(TrackerIn, request), by=user_of(request), at=now())
        return answer(made, status=201)

    def post_again(self, request: Request) -> Response:
        """Return the same secret, unless the tracker was revoked meanwhile."""
        told = TrackerMade.model_validate(self.told())
        require(any(tracker.pk == told.id for tracker in trackers_of(user_of(request), at=now())))
        return answer(told)


class TrackerView(View):
    """One of the caller's trackers."""

    @extend_schema(operation_id="revoke_tracker", responses={204: None}, tags=["trackers"])
    def delete(self, request: Request, tracker_id: UUID) -> Response:
        """End a tracker's secret."""
        revoke_tracker(tracker_id=tracker_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, tracker_id: UUID) -> Response:
        """Do nothing: a revoked tracker stays revoked."""
        require(user_of(request).trackers.filter(pk=tracker_id).exists())
        return answer(None)


class OwnTracksView(APIView):
    """OwnTracks in HTTP mode."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="report_by_owntracks",
        request=OwnTracksLocation,
        responses={200: {"type": "array", "items": {}}},
        tags=["trackers"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Take what OwnTracks publishes; HTTP Basic, the secret is the password. Only locations are kept.

        With a valid secret the answer is always 200, because the app would repeat a refused message for ever.
        """
        at = now()
        tracker = tracker_by_secret(_basic_password(request), at=at)
        told: list[Told] = []
        try:
            message = _json(request.body) if request.body.strip() else {}
            if message.get("_type") == "location":
                told = [told_by_owntracks(message, tracker.datum_name)]
        except Malformed:
            told = [WhyNotStored.UNREADABLE]
        report_by_tracker(tracker=tracker, told=told, at=at)
        return Response([])


class OsmAndView(APIView):
    """OsmAnd's protocol, which Traccar Client speaks too."""

    parser_classes = (JSONParser, FormParser)
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="report_by_osmand",
        parameters=[OpenApiParameter(name) for name in _NAMES],
        responses={200: None},
        tags=["trackers"],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Take a fix from parameters; `id` is the secret."""
        return _take_parameters(request.query_params.dict())

    @extend_schema(
        operation_id="report_by_traccar",
        request={"application/json": TraccarReport, "application/x-www-form-urlencoded": _PARAMETERS},
        responses={200: None},
        tags=["trackers"],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Take Traccar Client's JSON (`device_id` is the secret), or parameters in the address or the body."""
        if not request.body.lstrip().startswith(b"{"):
            form = QueryDict(request.body.decode(errors="replace")).dict()
            return _take_parameters({**request.query_params.dict(), **form})
        at, report = now(), _json(request.body)
        secret = report.get("device_id")
        tracker = tracker_by_secret(secret if isinstance(secret, str) else "", at=at)
        told = [told_by_traccar(location, tracker.datum_name) for location in locations_of(report)]
        report_by_tracker(tracker=tracker, told=told, at=at)
        return Response()


def _take_parameters(parameters: Mapping[str, Any]) -> Response:
    at = now()
    tracker = tracker_by_secret(parameters.get("id") or parameters.get("deviceid") or "", at=at)
    told = told_by_osmand(parameters, tracker.datum_name, at=at)
    report_by_tracker(tracker=tracker, told=[told], at=at)
    return Response()


def _basic_password(request: Request) -> str:
    scheme, _, packed = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        pair = base64.b64decode(packed.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise NotSignedIn from error
    if scheme.lower() != "basic":
        raise NotSignedIn
    return pair.partition(":")[2]


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = pydantic_core.from_json(body)
    except ValueError as error:
        raise Malformed from error
    return content if isinstance(content, dict) else {}
