"""The behaviour of a simulated person: answers, delays, and walks."""

import math
import random
from dataclasses import dataclass, field
from typing import Any

from backend.lib.clock import now

METRES_PER_DEGREE = 111_320.0
HOME_SPREAD_DEG = 0.03
"""Some three kilometres: a crowd on the map instead of a single point."""
REASONS = ("at work", "not in town", "ill", "with the children")


@dataclass(frozen=True, slots=True)
class Habits:
    """The shares of people who accept and decline (the rest stay silent), and the seconds before the answer."""

    accept: float = 0.55
    decline: float = 0.25
    think_s: tuple[float, float] = (4.0, 45.0)
    positions: bool = True

    def answer(self, dice: random.Random) -> dict[str, Any] | None:
        """Return the body of an answer, None for a person who does not answer."""
        roll = dice.random()
        if roll < self.accept:
            return {"answer": "accept", "eta_min": dice.randint(3, 25), "risk_acknowledged": True}
        if roll < self.accept + self.decline:
            return {"answer": "decline", "reason": dice.choice(REASONS)}
        return None

    def delay(self, dice: random.Random) -> float:
        """Return the seconds before the answer: most people are quick, some are slow."""
        low, high = self.think_s
        return low + (high - low) * dice.betavariate(1.6, 4.0)


def home_near(place: tuple[float, float], *, of: str) -> tuple[float, float]:
    """Return the home of people in a unit with an unknown place: near `place`, each unit elsewhere."""
    dice = random.Random(of)
    return place[0] + dice.gauss(0, HOME_SPREAD_DEG), place[1] + dice.gauss(0, HOME_SPREAD_DEG)


@dataclass(slots=True)
class Walk:
    """A random walk that stays within `radius_m` of its start (WGS-84)."""

    lon: float
    lat: float
    dice: random.Random
    radius_m: float = 1_200.0
    speed_m_s: float = 1.3
    heading: float = 0.0
    home: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        self.home = (self.lon, self.lat)
        self.heading = self.dice.uniform(0, 2 * math.pi)
        self._move(self.dice.uniform(0, self.radius_m))

    def step(self, seconds: float) -> dict[str, Any]:
        """Walk on and return the fix in the form of the protocol."""
        self.heading += self.dice.gauss(0, 0.6)
        if self._distance_from_home() > self.radius_m:
            east, north = self._metres_from_home()
            self.heading = math.atan2(-north, -east)
        self._move(self.speed_m_s * seconds)
        return {
            "at": now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "lon": round(self.lon, 6),
            "lat": round(self.lat, 6),
            "datum": "wgs84",
            "acc_m": round(self.dice.uniform(4, 25), 1),
            "battery": self.dice.randint(20, 100),
        }

    def _move(self, metres: float) -> None:
        self.lat += metres * math.sin(self.heading) / METRES_PER_DEGREE
        self.lon += metres * math.cos(self.heading) / (METRES_PER_DEGREE * math.cos(math.radians(self.lat)))

    def _metres_from_home(self) -> tuple[float, float]:
        east = (self.lon - self.home[0]) * METRES_PER_DEGREE * math.cos(math.radians(self.lat))
        return east, (self.lat - self.home[1]) * METRES_PER_DEGREE

    def _distance_from_home(self) -> float:
        return math.hypot(*self._metres_from_home())
