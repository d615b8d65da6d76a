"""All acts over REST and all rights, collected from the `acts.py` of each room's tests."""

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec

from tests.contract.acts import Act, Right
from tests.contract.doors import OUR_APPS


def _acts_of(room: str) -> tuple[Act, ...]:
    name = f"tests.{room}.acts"
    acts: tuple[Act, ...] = import_module(name).ACTS if find_spec(name) else ()
    return acts


ACTS: tuple[Act, ...] = tuple(act for room in OUR_APPS for act in _acts_of(room))
"""Every act over REST, room by room from the lowest."""
RIGHTS: tuple[Right, ...] = tuple(replace(right, method=act.method) for act in ACTS for right in act.rights)
"""Every act over REST that concerns a unit or what belongs to it."""
