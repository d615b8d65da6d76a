"""The answer to a phone's hello."""

from backend.lib.shapes import Instant, Shape, VolunteerNumber
from backend.realtime.frames import Joined


class Welcome(Shape):
    """The answer to `hello`; the missed events follow as ordinary event frames.

    Send `epoch` along with cursors everywhere. `unknown` are named topics that do not exist, or that the caller may not
    see.
    """

    volunteer: VolunteerNumber
    epoch: str
    topics: dict[str, Joined]
    unknown: list[str]
    heartbeat_s: int
    position_every_s: int
    server_time: Instant
