"""Nothing on the wire changes its name: apps that people have installed go on. What is new may be added.

`wire_names.json` is what has been promised. What is new is added by
`manage.py shell -c "from tests.contract.test_wire_names import promise; promise()"`. A name is taken out by hand, with
its reason in `mobile_api_docs/changes.md`.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backend.audit.acts import declared
from backend.lib.calls import ROOT
from backend.realtime.events import EVENTS
from backend.realtime.registry import registry

PROMISED = Path(__file__).with_name("wire_names.json")
DOCUMENTS = ROOT / "mobile_api_docs"
METHODS = {"get", "post", "put", "patch", "delete"}
PROBLEM = re.compile(r"^\| `/problems/([a-z-]+)` \|", re.MULTILINE)


def test_no_name_on_the_wire_is_lost() -> None:
    promised, now = json.loads(PROMISED.read_text()), names()
    lost = {kind: sorted(set(known) - now[kind]) for kind, known in promised.items()}
    assert {kind: gone for kind, gone in lost.items() if gone} == {}


def test_every_name_on_the_wire_is_promised() -> None:
    promised, now = json.loads(PROMISED.read_text()), names()
    new = {kind: sorted(known - set(promised.get(kind, ()))) for kind, known in now.items()}
    assert {kind: names for kind, names in new.items() if names} == {}, "see the top of this file"


@cache
def names() -> dict[str, set[str]]:
    """Return every name that a client or an auditor may rely on, by its kind."""
    rest, socket = (
        yaml.load((DOCUMENTS / name).read_text(), yaml.CSafeLoader)
        for name in ("openapi.yaml", "asyncapi.yaml")
    )
    return {
        "operations": set(operations(rest)),
        "shapes": set(rest["components"]["schemas"]) | set(socket["components"]["schemas"]),
        "fields": {*fields(rest["components"]["schemas"]), *fields(socket["components"]["schemas"])},
        "messages": set(socket["components"]["messages"]),
        "problems": set(
            re.findall(r"^\| `/problems/([a-z-]+)` \|", (DOCUMENTS / "problems.md").read_text(), re.MULTILINE)
        ),
        "events": {name for name, event in EVENTS.items() if event.__module__.startswith("backend.")},
        "topics": {*registry.join_rules},
        "commands": {*registry.commands},
        "acts": {act.value for acts in declared().values() for act in acts},
    }


def operations(rest: dict[str, Any]) -> Iterator[str]:
    """Yield every operation as `METHOD path operationId`."""
    for path, item in rest["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method.upper()} {path} {item[method]['operationId']}"


def fields(shapes: dict[str, Any]) -> Iterator[str]:
    """Yield every field as `Shape.field`."""
    for name, shape in shapes.items():
        for field in shape.get("properties", ()):
            yield f"{name}.{field}"


def promise() -> None:
    """Add what is new to the names that are promised."""
    kept = json.loads(PROMISED.read_text()) if PROMISED.exists() else {}
    told = {kind: sorted(known | set(kept.get(kind, ()))) for kind, known in names().items()}
    PROMISED.write_text(json.dumps(told, indent=1) + "\n")
