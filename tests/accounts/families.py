"""Families that share a phone, for tests."""

from typing import Any

from django.db import transaction
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.accounts.services.phones import put_on_phone
from backend.lib.clock import now

FAMILY = "13900139000"


def share(*users: User, phone: str = FAMILY) -> None:
    """Put people on one phone, in this order."""
    for user in users:
        with transaction.atomic(), acting(by=None, at=now()) as act:
            put_on_phone(user, phone, shared=True, act=act)


def give_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def number_of(user: User) -> str:
    return f"{user.volunteer.number:08d}"


def sign_in(name: str, password: str, *, address: str = "192.0.2.1", **device: Any) -> Any:
    """Return the answer of the door to a device, a new one unless it is given."""
    body = {"identifier": name, "password": password, "device": {"id": str(uuid7()), **device}}
    return APIClient().post("/api/v1/sign-in", body, format="json", REMOTE_ADDR=address)


def choose(asked: Any, user: User, device: str, **more: Any) -> Any:
    """Return the answer to a device that chooses one of the people who were named to it."""
    body = {"choice": asked.json()["person"]["choice"], "number": number_of(user), "device": {"id": device}}
    return APIClient().post("/api/v1/sign-in/person", body | more, format="json")


def client_with(answer: Any) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return client


def phone_of(number: str) -> str:
    """Return the phone of a person, who gets one if there is none; of no person for a number that is not there."""
    user = User.objects.filter(volunteer__number=int(number)).first()
    if user is None:
        return "13700000000"
    if not user.phone:
        user.phone = f"137{int(number) % 100_000_000:08d}"
        user.save()
    return user.phone
