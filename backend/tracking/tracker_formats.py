"""Parses the reports of OwnTracks, OsmAnd and Traccar Client, each with its own units and names, into fixes."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import pydantic
from pydantic import BaseModel

from backend.lib.datum import Datum
from backend.tracking.models import WhyNotStored
from backend.tracking.schemas.positions import FixIn

KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6
MOST_LOCATIONS = 100
"""Locations in one message of Traccar Client."""
_NOT_VALID = frozenset(("0", "false", "no", "n", "v"))
"""Values of `valid` from a receiver without a place; V is NMEA's “void”."""
_NOWHERE = 0.01
"""Degrees around 0, 0, the report of receivers without a place: open sea, 500 km from land."""
_UNITS = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""Upper bounds of seconds, milliseconds, microseconds and nanoseconds since 1970."""
_SPACE_FOR_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")
"""The plus of an unencoded offset in an address arrives as a space."""

Told = FixIn | WhyNotStored
"""A fix, or the reason why the report has none."""


class OwnTracksLocation(BaseModel):
    """OwnTracks' `location`: `tst` in seconds since 1970, `vel` in km/h, `batt` in percent, `acc` in metres.

    |Unreadable members are left out and answered like a location, so that the app goes on to its next one.
    """

    tst: Any = None
    lat: Any = None
    lon: Any = None
    acc: Any = None
    vel: Any = None
    batt: Any = None


class TraccarReport(BaseModel):
    """Traccar Client's JSON (from version 9): the secret, and one location or several.

    |A location has `timestamp`, `coords` (`latitude`, `longitude`, `accuracy`, `speed` in m/s) and `battery.level` from
    0 to 1; a negative level is unknown.
    """

    device_id: str
    location: dict[str, Any] | list[Any] | None = None


def told_by_owntracks(message: Mapping[str, Any], datum: Datum) -> Told:
    """Return the fix of a message of type `location`."""
    speed = _number(message.get("vel"))
    return _told(
        datum,
        _moment(message.get("tst")),
        lon=_number(message.get("lon")),
        lat=_number(message.get("lat")),
        acc_m=_number(message.get("acc")),
        battery=_number(message.get("batt")),
        speed_mps=None if speed is None else speed * KMH_MPS,
    )


def told_by_traccar(location: Any, datum: Datum) -> Told:
    """Return the fix of one location of Traccar Client's JSON."""
    outer = _object(location)
    coords, battery = _object(outer.get("coords")), _object(outer.get("battery"))
    level = _number(battery.get("level"))
    return _told(
        datum,
        _moment(outer.get("timestamp")),
        lon=_number(coords.get("longitude")),
        lat=_number(coords.get("latitude")),
        acc_m=_number(coords.get("accuracy")),
        battery=None if level is None else level * 100,
        speed_mps=_number(coords.get("speed")),
        valid=outer.get("valid"),
    )


def locations_of(report: Mapping[str, Any]) -> list[Any]:
    """Return the locations of a message of Traccar Client; a message without any is a heartbeat."""
    given = report.get("location")
    return given[:MOST_LOCATIONS] if isinstance(given, list) and given else [given]


def told_by_osmand(parameters: Mapping[str, str], datum: Datum, *, at: datetime) -> Told:
    """Return the fix of OsmAnd's parameters: `speed` in knots, `batt` in percent; without `timestamp` it is of now.

    The place is in `lat` and `lon`, or in `location` with a comma between them.
    """
    lat, _, lon = parameters.get("location", "").partition(",")
    speed = _number(parameters.get("speed"))
    return _told(
        datum,
        _moment(parameters["timestamp"]) if "timestamp" in parameters else at,
        lon=_number(parameters.get("lon", lon)),
        lat=_number(parameters.get("lat", lat)),
        acc_m=_number(parameters.get("accuracy")),
        battery=_number(parameters.get("batt")),
        speed_mps=None if speed is None else speed * KNOT_MPS,
        valid=parameters.get("valid"),
    )


def _told(
    datum: Datum,
    at: datetime | None,
    *,
    lon: float | None,
    lat: float | None,
    acc_m: float | None,
    battery: float | None,
    speed_mps: float | None,
    valid: Any = None,
) -> Told:
    """Return the fix; unknown (negative) or senseless values besides the place are left out."""
    if lon is None or lat is None or not _is_place(lon, lat) or str(valid).lower() in _NOT_VALID:
        return WhyNotStored.NO_PLACE
    if at is None:
        return WhyNotStored.NO_TIME
    try:
        return FixIn(
            datum=datum,
            at=at,
            lon=lon,
            lat=lat,
            acc_m=acc_m if acc_m is not None and 0 <= acc_m <= 100_000 else None,
            battery=round(battery) if battery is not None and 0 <= battery <= 100 else None,
            speed_mps=speed_mps if speed_mps is not None and 0 <= speed_mps <= 1_000 else None,
        )
    except pydantic.ValidationError:  # a year that cannot be right
        return WhyNotStored.NO_TIME


def _is_place(lon: float, lat: float) -> bool:
    return abs(lon) <= 180 and abs(lat) <= 90 and max(abs(lon), abs(lat)) >= _NOWHERE


def _object(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _number(given: Any) -> float | None:
    """Return a finite number, also from a text with a point or a comma; None for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        number = float(given.strip().replace(",", ".") if isinstance(given, str) else given)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _moment(given: Any) -> datetime | None:
    """Return the moment of a number since 1970, or of a text in ISO 8601 or RFC 2822; UTC without an offset.

    Also read: `20260301120000`, slashes between year, month and day, a plus that an address has turned into a space.
    """
    text = str(given).strip()[:64]
    with suppress(ValueError, OverflowError, OSError, TypeError):
        if re.fullmatch(r"20\d{12}", text):
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        if (number := _number(given)) is not None:
            scale = next(scale for bound, scale in (*_UNITS, (float("inf"), 0.0)) if number < bound)
            return datetime.fromtimestamp(number / scale, UTC) if number > 0 and scale else None
        moment = _moment_of_text(_SPACE_FOR_PLUS.sub("+", text).replace("/", "-"))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _moment_of_text(text: str) -> datetime:
    """Return the moment of a text. Raises ValueError or TypeError."""
    try:
        return datetime.fromisoformat(re.sub(r"(?<=\d) (?=[+-]\d)", "", text))
    except ValueError:
        return parsedate_to_datetime(text)
