"""Opens pages as somebody."""

from datetime import datetime

from django.test import Client

from backend.accounts.models import User
from backend.accounts.services.devices import register_page_device


def page_of(user: User, at: datetime) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["device"] = str(register_page_device(user=user, name="Firefox", at=at).pk)
    session.save()
    return client
