"""The consumer of Channels' documentation for JSON: it decodes and stores what phones report."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.channels_documented.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

MAX_KEPT = 50_000
kept: list[Any] = []


class PositionConsumer(AsyncJsonWebsocketConsumer):
    """One phone."""

    async def receive_json(self, content: Any, **_: Any) -> None:
        """Store a position; answer a ping, so that the phone knows that all frames before it were read."""
        if content["type"] == "position":
            kept.append(content["fixes"])
            if len(kept) >= MAX_KEPT:
                kept.clear()
        else:
            await self.send_json({"type": "pong"})


application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter([path("ws/", PositionConsumer.as_asgi())]),
    }
)
