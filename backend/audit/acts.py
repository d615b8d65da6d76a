"""The names of what the record tells of: each room declares its own in `acts.py`, as `Acts`."""

from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Self

from django.apps import apps


class ActName(StrEnum):
    """A name (`noun.verb`), what the act means, and the details that its lines may have.

    A name is never changed and never given to another act: lines are kept for good.
    """

    meaning: str
    details: tuple[str, ...]

    def __new__(cls, name: str, meaning: str, *details: str) -> Self:
        """Make a member of what stands beside its name."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning, member.details = meaning, details
        return member


class Acts(ActName):
    """What the audit notes of itself."""

    AUDIT_PUT_BACK = (
        "audit.put_back",
        "The database was put back behind a head that this process had signed.",
        "digest",
    )
    AUDIT_REFUSED = (
        "audit.refused",
        "A row was not written by a service, or was changed before it was linked.",
    )


def declared() -> Mapping[str, type[ActName]]:
    """Return what every room declares, by the room's name, from the lowest."""
    names = [config.name for config in apps.get_app_configs() if config.name.startswith("backend.")]
    modules = [f"{name}.acts" for name in names if find_spec(f"{name}.acts")]
    return {module.split(".")[1]: import_module(module).Acts for module in modules}
