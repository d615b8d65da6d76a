"""The event log: stores the events of other rooms in order, and sends them to the hubs after the commit."""

from backend.realtime.frames import Audience
from backend.realtime.log.event_log import Announcement, publish, publish_all
from backend.realtime.log.trimming import trim_topics

__all__ = ["Announcement", "Audience", "publish", "publish_all", "trim_topics"]
