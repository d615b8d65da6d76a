"""Builds what is kept of people, and what they have asked for."""

from typing import Any

from factory.declarations import LazyFunction, Sequence
from factory.django import DjangoModelFactory
from uuid6 import uuid7

from backend.joining.models import Application, Side, Transfer
from backend.volunteers.models import Credential, CredentialKind, Guardian


class CredentialFactory(DjangoModelFactory[Credential]):
    """A training without an end, of `volunteer`, from `valid_from`."""

    class Meta:
        model = Credential

    id = LazyFunction(uuid7)
    kind = CredentialKind.TRAINING


class GuardianFactory(DjangoModelFactory[Guardian]):
    """A guardian of `volunteer` who agrees since `consent_at`."""

    class Meta:
        model = Guardian

    id = LazyFunction(uuid7)
    name = "监护人"


class ApplicationFactory(DjangoModelFactory[Application]):
    """An application to `unit`, by a person with this phone, that waits since `at`."""

    class Meta:
        model = Application

    id = LazyFunction(uuid7)
    name = "赵阿姨"
    phone = Sequence(lambda n: f"139{n:08d}")

    @classmethod
    def _create(cls, model_class: type[Application], *args: Any, **fields: Any) -> Application:
        phone = fields.pop("phone")
        application = model_class(**fields)
        application.phone = phone
        application.save(force_insert=True)
        return application


class TransferFactory(DjangoModelFactory[Transfer]):
    """A transfer of `volunteer` between two units that the receiving one is asked for; the volunteer proposed it."""

    class Meta:
        model = Transfer

    id = LazyFunction(uuid7)
    waits_for = Side.RECEIVING
