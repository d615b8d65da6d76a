"""Saying again what holds already changes nothing: no row, no line of the audit, no event."""

import pytest
from rest_framework.utils import json

from tests.contract.acts import V1
from tests.contract.acts import Act as Row
from tests.contract.doors import World, everything, rest_clients
from tests.contract.test_keys import ACTED, caller_of

MAKES_ANOTHER = {
    f"POST {V1}me/trackers": "each request without a key makes one more",
    f"POST {V1}positions": "the moment of the latest report moves on",
    f"POST {V1}sign-in": "it signs in anew",
    f"POST {V1}sign-in/second-factor": "it tells a fresh secret of the trusted device",
    f"POST {V1}sign-in/second-factor/code": "it sends another code, three times at most",
    f"POST {V1}volunteers/<str:person>/invitation": "it makes another code, in place of the one before",
    f"POST {V1}volunteers/<str:person>/sign-in-codes": "it makes another code, in place of the one before",
}
"""Acts that do something each time; each with its reason."""


@pytest.mark.parametrize("row", [row for row in ACTED if str(row) not in MAKES_ANOTHER], ids=str)
def test_an_act_without_a_key_that_changes_nothing_leaves_nothing(world: World, row: Row) -> None:
    client, caller = rest_clients(world, row.rightful), caller_of(row)
    path, body = row.path(world), row.body(world, caller)
    text = "" if body is None else json.dumps(body)

    client[caller].generic(row.method, path, text, content_type="application/json")
    left = everything()
    client[caller].generic(row.method, path, text, content_type="application/json")

    assert everything() == left
