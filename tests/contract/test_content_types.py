"""Each door takes the content types that openapi.yaml names for it, and answers 415 to all others unread."""

import re

import pytest
from rest_framework.test import APIClient

from tests.contract.acts import Act
from tests.contract.documented import openapi
from tests.contract.doors import World
from tests.contract.table import ACTS

OPENAPI = openapi()
TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "image/png",
    "image/jpeg",
    "text/plain",
    "application/octet-stream",
    "application/xml",
    "application/merge-patch+json",
    "*/*",
    "nonsense",
    "",
)


def documented(door: Act) -> set[str]:
    """Return the content types of the operation, or of others at its address: one without a body ignores those.

    Where no operation has a body it is JSON that is ignored.
    """
    address = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", door.address)
    operations = OPENAPI["paths"].get(address, {})
    bodies = {name: set(one.get("requestBody", {}).get("content", {})) for name, one in operations.items()}
    return bodies.get(door.method.lower()) or set().union(*bodies.values()) or {"application/json"}


@pytest.mark.parametrize("door", [door for door in ACTS if door.method != "GET"], ids=str)
def test_door_takes_the_documented_content_types_alone(world: World, door: Act) -> None:
    """Tried without a token: the body's type is looked at before who calls."""
    client, path = APIClient(raise_request_exception=False), door.path(world)
    taken = set()
    for type in TYPES:
        answer = client.generic(door.method, path, "?", content_type=type)
        if answer.status_code != 415:
            taken.add(type)
        else:
            assert answer.json()["type"] == "/problems/unsupported-media-type"

    assert taken == documented(door)
    json = client.generic(door.method, path, "?", content_type="application/json; charset=gb18030")
    assert json.status_code == 415
    plain = client.generic(door.method, path)
    assert plain.status_code != 415
