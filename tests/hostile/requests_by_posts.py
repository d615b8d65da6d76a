"""Hooks of schemathesis: each request comes from the next caller, and most of them name what there is.

What is generated names nothing that exists, so that most of it would end at 404.
"""

import json
import os
from itertools import count
from typing import Any

import schemathesis

_WORLD: dict[str, Any] = json.loads(os.environ["MUSTER_GENERATED_BY"])
_CALLERS = list(_WORLD["tokens"].items())
_NAMES: dict[str, list[str]] = _WORLD["names"]
_UNITS = {"number", "unit", "units", "from_unit", "to_unit", "parent", "successor"}
_PEOPLE = {"volunteer", "person", "kept", "duplicate", "temporary"}
_turns = count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:  # their signature
    """Sign the request by the next caller, and let two of three name what there is."""
    turn = next(_turns)
    name, token = _CALLERS[turn % len(_CALLERS)]
    headers = {key: value for key, value in (case.headers or {}).items() if key.lower() != "authorization"}
    case.headers = (
        headers | {"User-Agent": f"post/{name}"} | ({"Authorization": f"Bearer {token}"} if token else {})
    )
    turn //= len(_CALLERS)
    if turn % 3 == 0:
        return
    for part in (case.path_parameters, case.body, case.query):
        if isinstance(part, dict):
            _name_what_there_is(part, context.operation.path, turn)


def _name_what_there_is(part: dict[str, Any], path: str, turn: int) -> None:
    for key, value in part.items():
        is_person = key in _PEOPLE or (key == "number" and "/volunteers/" in path)
        kind = "person" if is_person else "unit" if key in _UNITS else key
        if isinstance(value, str) and (known := _NAMES.get(kind)):
            part[key] = known[turn % len(known)]
        elif isinstance(value, list) and key == "units":
            part[key] = _NAMES["unit"][: 1 + turn % 2]
