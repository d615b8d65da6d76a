"""The ASGI application: REST and pages through Django, sockets through our own consumer.

One application serves all of them; the distribution over processes is a matter of deployment (see Procfile).
"""

import gc
import os

from backend.lib.clock import now

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

import django

django.setup(set_prefix=False)

import asyncio
from collections.abc import MutableMapping
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.urls import Resolver404, resolve

from backend.config.checks import refuse_contradictions
from backend.lib import bodies
from backend.lib.content_types import Handler
from backend.lib.errors import Malformed, NotAllowed, NotSignedIn
from backend.realtime import clock, health
from backend.realtime.frames import known_frames
from backend.realtime.server.credentials import credentials_of, is_own_host
from backend.realtime.services import sign_in_socket
from backend.realtime.socket.consumer import no_socket, socket_application
from backend.realtime.sync import in_thread

django_application = Handler()


async def most_of_body(scope: MutableMapping[str, Any]) -> int:
    """Return the largest body that the endpoint takes; above the default only for a caller with a valid token.

    Raises NotSignedIn, as the endpoint itself would after it had read the whole body.
    """
    try:
        most = bodies.most_bytes(resolve(scope["path"]).func)
    except Resolver404:
        return bodies.MAX_BODY
    if most > bodies.MAX_BODY:
        # The origin of a form is checked after its body is read.
        shown = credentials_of(scope, any_origin=True)
        try:
            await in_thread(sign_in_socket, shown, at=now())
        except NotAllowed as refusal:  # the device was signed out
            raise NotSignedIn from refusal
    return most


def is_called_by_name(scope: MutableMapping[str, Any]) -> bool:
    """Tell whether the Host header names one of our hosts; HTTP/1.0 may omit it."""
    return all(is_own_host(value) for name, value in scope["headers"] if name == b"host")


async def refuse_host(*_: Any) -> None:
    """Refuse a request for another host; Django would write a traceback for each."""
    raise Malformed("This server has another name.")


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve a request or a socket (ASGI), routed by hand: a router would stay in memory with each socket."""
    settings.PROXIES.believe(scope)
    if scope["type"] == "http":
        if scope["path"] == "/readyz":
            await health.serving.look(django_application, at=asyncio.get_running_loop().time())
        serve_one = django_application if is_called_by_name(scope) else refuse_host
        await bodies.serve(serve_one, scope, receive, send, most_of_body)
    elif scope["type"] == "websocket":
        serve = socket_application if scope["path"] == "/ws/v1/" else no_socket
        await serve(scope, receive, send)
    else:
        raise ValueError(f"there is nothing here for {scope['type']}")


refuse_contradictions()
known_frames()
get_channel_layer()  # imports the Redis client now, while no request waits for it

# Loaded modules stay for good. Without this the garbage collector scans them all again and again while thousands of
# sockets connect.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)

if settings.MUSTER.clock_inside:
    clock.start_inside()
