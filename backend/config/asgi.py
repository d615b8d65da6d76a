"""The ASGI application: REST and pages through Django, sockets through the one consumer.

One application serves all of it; which process serves what is only deployment (see Procfile).
"""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

import django

django.setup(set_prefix=False)

from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

from backend.config.checks import refuse_contradictions
from backend.lib.content_types import Handler
from backend.realtime import clock
from backend.realtime.consumer import Receive, Send, no_socket, socket_application

django_application = Handler()


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve a request or a socket (ASGI), routed by hand: a router in between would stay in memory with its socket."""
    settings.PROXIES.believe(scope)
    if scope["type"] == "http":
        await django_application(scope, receive, send)  # type: ignore[arg-type]
    elif scope["type"] == "websocket":
        serve = socket_application if scope["path"] == "/ws/v1/" else no_socket
        await serve(scope, receive, send)
    else:
        raise ValueError(f"there is nothing here for {scope['type']}")


refuse_contradictions()
get_channel_layer()  # imports the client of Redis now, where nobody waits for it

# What has been loaded so far stays for good. Without this the collector looks through all of it again and again while
# thousands of sockets come.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)

if settings.MUSTER["CLOCK_INSIDE"]:
    clock.start_inside()
