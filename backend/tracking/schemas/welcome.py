"""What a phone is told when it has said hello."""

from backend.lib.shapes import Instant, Shape, VolunteerNumber
from backend.realtime.frames import Joined


class Welcome(Shape):
    """The answer to `hello`; the missed events follow as ordinary event frames.

    `epoch` goes with the cursors wherever they are sent. `unknown` are topics that were named in the cursors and that
    there are not, or that one may not see.
    """

    volunteer: VolunteerNumber
    epoch: str
    topics: dict[str, Joined]
    unknown: list[str]
    heartbeat_s: int
    position_every_s: int
    server_time: Instant
