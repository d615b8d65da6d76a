"""What OwnTracks, OsmAnd and Traccar Client send, as fixes of ours: each has its own units."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import pydantic
from pydantic import BaseModel, Field

from backend.lib.datum import Datum
from backend.lib.errors import Invalid
from backend.lib.problems import invalid
from backend.lib.wire import Instant
from backend.realtime.frames import FixIn

KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6
_LATEST_IN_SECONDS = 2**31

Number = Annotated[float, Field(allow_inf_nan=False)]


class OwnTracksLocation(BaseModel):
    """OwnTracks' `location`: `tst` in seconds since 1970, `vel` in km/h, `batt` in percent."""

    tst: Annotated[int, Field(ge=0, lt=2**33)]
    lat: Number
    lon: Number
    acc: Number | None = None
    vel: Number | None = None
    batt: Number | None = None


class _Coordinates(BaseModel):
    latitude: Number
    longitude: Number
    accuracy: Number | None = None
    speed: Number | None = None


class _Battery(BaseModel):
    level: Number | None = None


class _Location(BaseModel):
    timestamp: Instant
    coords: _Coordinates
    battery: _Battery = _Battery()


class TraccarReport(BaseModel):
    """Traccar Client's JSON (from version 9): `speed` in m/s, battery `level` from 0 to 1, below 0: not known."""

    device_id: Annotated[str, Field(max_length=200)]
    location: _Location


def fix_of_owntracks(location: OwnTracksLocation, datum: Datum) -> FixIn:
    """Return OwnTracks' location as a fix. Raises Invalid."""
    return _fix(
        datum,
        at=datetime.fromtimestamp(location.tst, UTC),
        lon=location.lon,
        lat=location.lat,
        acc_m=location.acc,
        battery=location.batt,
        speed_mps=None if location.vel is None else location.vel * KMH_MPS,
    )


def fix_of_traccar(report: TraccarReport, datum: Datum) -> FixIn:
    """Return Traccar Client's report as a fix. Raises Invalid."""
    coords, level = report.location.coords, report.location.battery.level
    return _fix(
        datum,
        at=report.location.timestamp,
        lon=coords.longitude,
        lat=coords.latitude,
        acc_m=coords.accuracy,
        battery=None if level is None else level * 100,
        speed_mps=coords.speed,
    )


def fix_of_osmand(parameters: Mapping[str, str], datum: Datum, *, at: datetime) -> FixIn:
    """Return OsmAnd's parameters as a fix: `speed` in knots, `batt` in percent; without `timestamp` it is of now.

    Raises Invalid.
    """
    speed = _number(parameters, "speed")
    return _fix(
        datum,
        at=_moment(parameters["timestamp"]) if "timestamp" in parameters else at,
        lon=_number(parameters, "lon"),
        lat=_number(parameters, "lat"),
        acc_m=_number(parameters, "accuracy"),
        battery=_number(parameters, "batt"),
        speed_mps=None if speed is None else speed * KNOT_MPS,
    )


def _fix(
    datum: Datum, *, acc_m: float | None, battery: float | None, speed_mps: float | None, **rest: Any
) -> FixIn:
    """Return the fix; what is only beside the place and is not known (negative) or senseless is left out."""
    try:
        return FixIn(
            datum=datum,
            acc_m=acc_m if acc_m is not None and 0 <= acc_m <= 100_000 else None,
            battery=round(battery) if battery is not None and 0 <= battery <= 100 else None,
            speed_mps=speed_mps if speed_mps is not None and 0 <= speed_mps <= 1_000 else None,
            **rest,
        )
    except pydantic.ValidationError as error:
        raise invalid(error) from error


def _number(parameters: Mapping[str, str], name: str) -> float | None:
    try:
        return float(parameters[name]) if name in parameters else None
    except ValueError as error:
        raise Invalid(errors=[{"pointer": f"/{name}", "detail": "must be a number"}]) from error


def _moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text, or of seconds or milliseconds since 1970; without an offset it is UTC."""
    try:
        if text.isdecimal():
            number = int(text)
            return datetime.fromtimestamp(number if number < _LATEST_IN_SECONDS else number / 1_000, UTC)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid(errors=[{"pointer": "/timestamp", "detail": "must be a moment"}]) from error
