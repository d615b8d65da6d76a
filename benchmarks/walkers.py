"""A province of people on the map, and the process that moves some of them every second."""

import csv
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from simulator.processes import ROOT, Server

CENTRES = ROOT / "backend/volunteers/data/zj_county_centres.csv"
FIRST = 30_000_000
SQUARE = (120.15, 30.25)
SQUARE_PEOPLE = 5_000
"""The first so many stand on one square of about two kilometres; all others are spread over the counties."""
TICKS = 10
_STEP_DEGREES = 0.0004
_MOVE = """
    UPDATE tracking_latestposition SET lon = lon + (random() - 0.5) * %(step)s, lat = lat + (random() - 0.5) * %(step)s,
        at = clock_timestamp(), received_at = clock_timestamp() WHERE person >= %(first)s AND person < %(last)s
"""


def populate(url: str, people: int, scope: str) -> None:
    """Put people on the map, in random order of counties, as last seen in the past half minute."""
    rng = random.Random(1)
    spots = _spots(rng)
    columns = "person, scope, at, received_at, lon, lat, accuracy_m, battery"
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        now = connection.execute("SELECT now()").fetchone()[0]  # type: ignore[index]
        with cursor.copy(f"COPY tracking_latestposition ({columns}) FROM STDIN") as copy:
            for n in range(people):
                lon, lat = _on_the_square(rng) if n < SQUARE_PEOPLE else next(spots)
                copy.write_row((FIRST + n, f"{scope}{n % 90:04d}{n % 11:04d}", now, now, lon, lat, 9.0, 80))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE tracking_latestposition")


def county_seats() -> list[tuple[float, float]]:
    """Return the seats of the counties, as lon and lat."""
    with CENTRES.open() as lines:
        return [(float(row["seat_lon"]), float(row["seat_lat"])) for row in csv.DictReader(lines)]


def walker(url: str, *, people: int, moving: int, folder: Path) -> Server:
    """Return the process that moves `moving` of the first `people` a second, one after another, without end."""
    command = [sys.executable, "-m", "benchmarks.walkers", url, str(people), str(moving)]
    return Server("walkers", command, log=folder / "walkers.log")


def walk(url: str, people: int, moving: int) -> None:
    """Move people for ever, a tenth of them every tenth of a second."""
    portion, at = max(1, moving // TICKS), 0
    with psycopg.connect(url, autocommit=True) as connection:
        due = time.monotonic()
        while True:
            bounds = {
                "first": FIRST + at,
                "last": FIRST + min(at + portion, people),
                "step": _STEP_DEGREES * 2,
            }
            connection.execute(_MOVE, bounds)
            at = 0 if at + portion >= people else at + portion
            due = max(due + 1 / TICKS, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))


def _spots(rng: random.Random) -> Iterator[tuple[float, float]]:
    seats = county_seats()
    while True:
        lon, lat = rng.choice(seats)
        yield rng.gauss(lon, 0.08), rng.gauss(lat, 0.07)


def _on_the_square(rng: random.Random) -> tuple[float, float]:
    lon, lat = SQUARE
    return rng.uniform(lon - 0.01, lon + 0.01), rng.uniform(lat - 0.01, lat + 0.01)


if __name__ == "__main__":
    walk(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
