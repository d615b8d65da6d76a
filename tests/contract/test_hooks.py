"""Every room has answered each hook of the rooms below it, or says why it is not concerned."""

from importlib import import_module
from importlib.util import find_spec
from itertools import chain

import pytest
from django.apps import apps

from backend.lib.hooks import Hook, Question
from tests.contract.calls import ROOMS


def in_module(room: str, name: str) -> dict[str, object]:
    """Return what a module of a room has; nothing where there is no such module."""
    module = f"{room}.{name}"
    return vars(import_module(module)) if find_spec(module) else {}


def hooks_of(room: str) -> list[Hook[..., object]]:
    """Return the hooks that a room declares."""
    own = f"{short(room)}."
    found = in_module(room, "hooks").values()
    return [one for one in found if isinstance(one, Hook) and one.name.startswith(own)]


def keeps_rows(room: str) -> bool:
    """Tell whether a room has tables: only such a one can have anything to do with what is ended below."""
    return bool(list(apps.get_app_config(short(room)).get_models()))


def short(room: str) -> str:
    """Return the name of a room by which it answers."""
    return room.rpartition(".")[2]


HOOKS = {hook.name: hook for room in ROOMS for hook in hooks_of(room)}
CONCERNED = [room for room in ROOMS if keeps_rows(room)]


def below(room: str) -> set[str]:
    """Return the names of the hooks that the rooms below one declare."""
    lower = ROOMS[: ROOMS.index(room)]
    return {hook.name for hook in chain.from_iterable(map(hooks_of, lower))}


def not_concerned(room: str) -> dict[str, str]:
    """Return the hooks that a room leaves unanswered, each with its reason."""
    found = in_module(room, "reactions").get("NOT_CONCERNED", {})
    assert isinstance(found, dict)
    return found


def unheard(room: str) -> set[str]:
    """Return the hooks of which a room says nothing."""
    answered = {name for name, hook in HOOKS.items() if short(room) in hook.answers}
    return below(room) - answered - set(not_concerned(room))


def test_there_are_hooks() -> None:
    assert {"volunteers.unit_retiring", "volunteers.merging", "volunteers.erasing"} <= set(HOOKS)


@pytest.mark.parametrize("room", CONCERNED)
def test_a_room_answers_each_hook_below_it_or_says_why_not(room: str) -> None:
    assert unheard(room) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_reason_is_given_for_hooks_alone_that_exist_below_and_are_not_answered(room: str) -> None:
    reasons = not_concerned(room)
    answered = {name for name, hook in HOOKS.items() if short(room) in hook.answers}

    assert set(reasons) <= below(room) - answered
    assert [name for name, reason in reasons.items() if len(reason) < 20] == []


@pytest.mark.parametrize("room", ROOMS)
def test_hooks_are_answered_from_above_in_the_order_of_the_rooms(room: str) -> None:
    order = [short(one) for one in ROOMS]

    for hook in hooks_of(room):
        places = [order.index(name) for name in hook.answers]
        assert places == sorted(places), hook.name
        assert all(place > ROOMS.index(room) for place in places), hook.name


def test_a_room_that_says_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    reactions = import_module("backend.badges.reactions")
    monkeypatch.setattr(reactions, "NOT_CONCERNED", {})

    assert "volunteers.standing_changed" in unheard("backend.badges")


@pytest.mark.parametrize("room", ROOMS)
def test_every_question_has_an_answer(room: str) -> None:
    asked = [one for one in in_module(room, "hooks").values() if isinstance(one, Question)]

    assert [one.name for one in asked if one._answer is None] == []
