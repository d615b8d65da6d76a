"""The names of the record: each that is recorded is declared by its room, each that is declared is recorded."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from backend.audit.acts import ActName, declared
from backend.lib.calls import functions_in, modules
from tests.contract.calls import calls_of_act
from tests.contract.test_audit import recorded_with

NAME = re.compile(r"[a-z_]+\.[a-z_-]+")
ROOMS = {f"backend.{room}": acts for room, acts in declared().items()}
ALL = [act for acts in ROOMS.values() for act in acts]


def named_in(tree: ast.AST) -> Iterator[str]:
    """Yield the members of `Acts` that a module names, whatever it does with them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Acts":
            yield node.attr


def unrecorded(acts: type[ActName], trees: Iterator[ast.AST]) -> set[str]:
    """Return the acts that a room declares and its modules never name."""
    return set(acts.__members__) - {name for tree in trees for name in named_in(tree)}


def undeclared(tree: ast.AST) -> set[str]:
    """Return what is recorded under a name of its own, in the place of a declared one."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    recorded = (call.args[0] for call in calls if ast.unparse(call.func).rpartition(".")[2] == "record")
    return {
        ast.unparse(name)
        for name in recorded
        if isinstance(name, ast.JoinedStr) or (isinstance(name, ast.Constant) and isinstance(name.value, str))
    }


def trees_of(room: str) -> Iterator[ast.AST]:
    """Yield the modules of a room, without its declarations."""
    for name, module in modules().items():
        if name.startswith(f"{room}.") and name != f"{room}.acts":
            yield module.tree


def test_every_room_that_records_declares_its_acts() -> None:
    recording = {name.split(".")[1] for name, module in modules().items() if any(named_in(module.tree))}

    assert recording == set(declared())
    assert len(ALL) > 70


@pytest.mark.parametrize("room", ROOMS)
def test_every_act_that_is_declared_is_recorded(room: str) -> None:
    assert unrecorded(ROOMS[room], trees_of(room)) == set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_act_that_is_recorded_is_declared(room: str) -> None:
    assert set().union(*map(undeclared, trees_of(room))) == set()


def test_what_is_missing_on_either_side_is_found() -> None:
    class Acts(ActName):
        NOTE_MADE = "note.made", "A note was made."
        NOTE_LOST = "note.lost", "A note was lost."

    source = ast.parse(
        'act.record(Acts.NOTE_MADE, subject); act.record(f"note.{to}", s); record("note.x", s)'
    )

    assert unrecorded(Acts, iter([source])) == {"NOTE_LOST"}
    assert undeclared(source) == {"f'note.{to}'", "'note.x'"}


def test_a_name_is_declared_once_and_a_noun_with_a_verb() -> None:
    assert [name for name, times in Counter(ALL).items() if times > 1] == []
    assert [act.value for act in ALL if not NAME.fullmatch(act.value)] == []
    wrong = [act.value for act in ALL if act.name != re.sub(r"[.-]", "_", act.value).upper()]
    assert wrong == []


def test_what_an_act_means_is_a_sentence() -> None:
    assert [act.value for act in ALL if not re.fullmatch(r"[A-Z].{15,}\.", act.meaning)] == []


def test_every_detail_that_is_declared_is_recorded() -> None:
    """That no other is recorded the record itself asserts, in every test."""
    recorded: dict[str, set[str | None]] = {}
    for function in functions_in(*ROOMS):
        names: set[str | None] = set().union(*recorded_with(function))
        for call in calls_of_act(function, "record"):
            for name in named_in(call.args[0]):
                recorded.setdefault(name, set()).update(names)

    idle = {
        act.value: set(act.details) - recorded[act.name]
        for act in ALL
        if act.name in recorded and not set(act.details) <= recorded[act.name]
    }
    assert idle == {}
    assert len(recorded) > 60
