"""Every door that shows a caller the name of another volunteer leaves a look, which that volunteer can read."""

import pytest

from backend.volunteers.models import AccessEntry, Volunteer
from tests.contract.acts import Act
from tests.contract.doors import World, rest_clients
from tests.contract.table import ACTS


def text_of(answer: object) -> str:
    content = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content  # type: ignore[attr-defined]
    try:
        return str(answer.json()) if "json" in answer["Content-Type"] else content.decode()  # type: ignore[attr-defined,index]
    except (UnicodeDecodeError, KeyError):
        return ""


@pytest.mark.parametrize("door", [door for door in ACTS if door.method == "GET"], ids=str)
def test_who_is_named_to_a_caller_can_see_it(world: World, door: Act) -> None:
    caller = (
        door.rightful if door.answers.get(door.rightful, 404) < 300 else next(iter(door.answers), "leader")
    )
    client = rest_clients(world, door.rightful)[caller]
    user = world.callers[caller].user if caller in world.callers else None
    AccessEntry.objects.all().delete()

    text = text_of(door.try_as(client, world, caller))

    named = {
        person.pk for person in Volunteer.objects.exclude(user=user) if person.name and person.name in text
    }
    noted = set(AccessEntry.objects.filter(viewer=user).values_list("subject", flat=True))
    assert named <= noted


def test_the_look_is_at_the_posts_of_a_unit_too(world: World) -> None:
    """Guards the test above against finding no names at all."""
    client = rest_clients(world, "leader")["leader"]
    leader = world.callers["leader"].user

    shown = client.get(f"/api/v1/units/{world.formation.squadron_a.number}/posts").json()

    holders = {int(post["volunteer"]) for post in shown} - {leader.volunteer.number}
    assert holders
    seen = AccessEntry.objects.filter(viewer=leader, what="profile").values_list("subject__number", flat=True)
    assert set(seen) == holders
