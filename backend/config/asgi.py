"""The ASGI application: REST and pages through Django, sockets through the one consumer.

One application serves all of it; which process serves what is only deployment (see Procfile).
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path, re_path

from backend.realtime import clock
from backend.realtime.consumer import no_socket, socket_application

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter([path("ws/v1/", socket_application), re_path("", no_socket)]),  # type: ignore[arg-type]
    }
)

if settings.MUSTER["CLOCK_INSIDE"]:
    clock.start_inside()
