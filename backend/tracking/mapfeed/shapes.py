"""The shapes of the live map: the requests of consoles and the frames that answer them.

These classes document and validate the frames. The frames themselves are assembled entry by entry: an entry is encoded
once for all its viewers, and its bytes are counted.
"""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from backend.lib.shapes import Instant, Request, Shape

Age = TypeAliasType("Age", Literal["live", "stale", "expired"])


class Viewport(Request):
    """What the map shows: west, south, east, north in degrees (WGS-84), and the zoom level of web maps."""

    bbox: Annotated[list[Annotated[float, Field(ge=-180, le=180)]], Field(min_length=4, max_length=4)]
    zoom: Annotated[float, Field(ge=0, le=24)]


class CellOut(Shape):
    """People in one H3 cell: their number, the number of live ones, and their mean place."""

    n: int
    live: int
    lon: float
    lat: float


class PersonOut(Shape):
    """One volunteer on the map, with the server's age class of the position."""

    lon: float
    lat: float
    age: Age
    at: Instant
    acc_m: float | None


class MapCells(Shape):
    """Cells that changed; null: they are empty now. `full` replaces everything shown before."""

    topic: Literal["map"] = "map"
    type: Literal["map.cells"] = "map.cells"
    full: bool
    cells: dict[str, CellOut | None]


class MapPeople(Shape):
    """Volunteers that changed, by number; null: gone. `full` replaces everything shown before."""

    topic: Literal["map"] = "map"
    type: Literal["map.people"] = "map.people"
    full: bool
    people: dict[str, PersonOut | None]
