"""Commands of the socket for positions and the live map."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from backend.lib.errors import Invalid, require
from backend.realtime.connection import Connection
from backend.realtime.registry import Principal, answers_hello, frame, on_close, sends, socket_command
from backend.realtime.schemas import Done, Nothing
from backend.realtime.sync import in_thread
from backend.tracking.fixes import Positions, positions_in, positions_of
from backend.tracking.mapfeed.live_feed import feed
from backend.tracking.mapfeed.shapes import MapCells, MapPeople, Viewport
from backend.tracking.positions import positions
from backend.tracking.queries.watching import watched_scopes
from backend.tracking.schemas.positions import PositionFrame, Stored
from backend.tracking.schemas.welcome import Welcome

sends(MapCells, MapPeople)


@answers_hello(Welcome)
def welcome(principal: Principal, opened: Mapping[str, Any]) -> Welcome:
    """Return the phone's own number, the state of its topics, and its reporting interval."""
    every_s = settings.MUSTER.position_every_s
    return Welcome(volunteer=principal.person, position_every_s=every_s, **opened)  # type: ignore[arg-type]


@frame(PositionFrame, answer=Stored, salvage=positions_in)
def take_positions(connection: Connection, given: PositionFrame | Positions) -> None:
    """Store positions in a batch with those of other phones; a wrong fix does not affect the others of its frame."""
    positions.add(connection, positions_of(given) if isinstance(given, PositionFrame) else given)


@socket_command("map.view", body=Viewport, result=Done)
async def view_map(connection: Connection, view: Viewport) -> Done:
    """Watch a piece of the live map (`map.view`); frames of topic `map` follow, once a second, while it changes."""
    if view.bbox[0] > view.bbox[2] or view.bbox[1] > view.bbox[3]:
        raise Invalid(errors=[{"pointer": "/body/bbox", "detail": "order is west, south, east, north"}])
    scopes = await in_thread(watched_scopes, connection.principal)
    require(bool(scopes))
    feed.watch(connection, view, scopes)
    return Done()


@socket_command("map.leave", body=Nothing, result=Done)
async def leave_map(connection: Connection, _: Nothing) -> Done:
    """Stop watching the live map (`map.leave`)."""
    feed.leave(connection)
    return Done()


@on_close
def take_off_the_map(connection: Connection) -> None:
    """End the live map of a socket that has closed."""
    feed.leave(connection)
