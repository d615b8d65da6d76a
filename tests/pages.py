"""Opens pages as somebody."""

from datetime import datetime

from django.test import Client

from backend.volunteers import services
from backend.volunteers.models import User


def page_of(user: User, at: datetime) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["device"] = str(services.register_page_device(user=user, name="Firefox", at=at).pk)
    session.save()
    return client
