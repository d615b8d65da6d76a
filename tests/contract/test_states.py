"""A condition on states and times is written once, beside its model; what changes a state is a method of the row.

What is found elsewhere is a second writing: it would keep its own edge when the first one changes.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from backend.lib.calls import modules

STATES = frozenset(
    ("ApplicationStatus", "AssignmentStatus", "ImportStatus", "Standing", "TaskStatus", "TransferStatus")
)
"""The enumerations whose members tell where a row stands."""
MOMENTS = frozenset(
    (
        *("answer_by", "duty_until", "from_at", "replaced_at", "retired_at", "returned_at", "revoked_at"),
        *("standing_until", "starts_at", "until_at", "used_at", "valid_from", "valid_until", "withdrawn_at"),
    )
)
"""The columns by which a row begins and ends."""
ASKING = frozenset(("Q", "When", "exclude", "filter", "get", "get_or_create"))
LOOKUP = re.compile(
    rf"(?:^|__)(?P<column>before|role|standing|status|{'|'.join(sorted(MOMENTS))})"
    r"(?:__(?P<how>gte?|lte?|isnull|in|range))?$"
)
IN_SQL = re.compile(r"\b(?:standing|status)\s*(?:=|<>|!=|IN\b)\s*\(?'|\b(?:until_at|from_at)\s*(?:[<>]|IS\b)")
ROLES = frozenset(("DISPATCHING_ROLES", "MANAGING_ROLES"))

ELSEWHERE = {
    "backend.dispatch.queries.reach: asks for status": "an answer of one's own, and no set of states",
}
"""What stands elsewhere all the same, with its reason."""


def test_conditions_on_states_stand_beside_their_models() -> None:
    found = {
        f"{name}: {what}"
        for name, module in modules().items()
        if name.startswith("backend.") and ".models" not in name and ".migrations" not in name
        for what in written_again(module.tree)
    }
    assert found - ELSEWHERE.keys() == set(), (
        "give the model's queryset a name for it, or use the one that it has"
    )
    assert ELSEWHERE.keys() - found == set(), "these stand there no more"


def written_again(tree: ast.AST) -> Iterator[str]:
    """Yield what belongs beside a model: conditions, sets of states, and changes of a state."""
    for node in ast.walk(tree):
        yield from asked(node) if isinstance(node, ast.Call) else found_in(node)


def found_in(node: ast.AST) -> Iterator[str]:
    """Yield what one expression says of states."""
    match node:
        case (
            ast.Tuple(elts=several)
            | ast.List(elts=several)
            | ast.Set(elts=several)
            | ast.BoolOp(values=several)
        ) if len({*members(several)}) > 1:
            yield f"has a set of {states_in(several)}"
        case ast.Compare(left=ast.Attribute(attr="standing")):
            yield "compares standing"
        case ast.Attribute(attr="status" | "standing", ctx=ast.Store()):
            yield f"sets {node.attr}"
        case ast.Constant(value=str(text)) if IN_SQL.search(text):
            yield "asks in SQL"


def asked(call: ast.Call) -> Iterator[str]:
    """Yield the states and moments that a condition names, and the states that an update sets."""
    called = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
    if called == "update":
        yield from (f"sets {word.arg}" for word in call.keywords if word.arg in ("status", "standing"))
    if called in ASKING:
        for name, value in named(call):
            column = LOOKUP.search(name)
            if column is not None and is_condition(column["column"], column["how"], value):
                yield f"asks for {column['column']}"


def is_condition(column: str, how: str | None, value: ast.expr) -> bool:
    """Tell whether it is a condition on how rows stand, and not the search for one with a given value."""
    if column == "role":
        return bool({getattr(value, "id", ""), getattr(value, "attr", "")} & ROLES)
    if column in ("status", "before"):
        return bool([*members([value])])
    return column == "standing" or how is not None or isinstance(value, ast.Constant)


def named(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names and values that a call gives, also by `**{...}`."""
    for word in call.keywords:
        if word.arg is not None:
            yield word.arg, word.value
        elif isinstance(word.value, ast.Dict):
            for key, value in zip(word.value.keys, word.value.values, strict=True):
                if isinstance(key, ast.Constant | ast.JoinedStr):
                    yield text_of(key), value


def text_of(key: ast.Constant | ast.JoinedStr) -> str:
    """Return a text, of one that is put together what is written of it."""
    parts = [key] if isinstance(key, ast.Constant) else key.values
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def members(nodes: list[ast.expr]) -> Iterator[str]:
    """Yield the members of enumerations of states that stand in expressions."""
    for node in nodes:
        for inner in ast.walk(node):
            if (
                isinstance(inner, ast.Attribute)
                and isinstance(inner.value, ast.Name)
                and inner.value.id in STATES
                and inner.attr.isupper()
            ):
                yield f"{inner.value.id}.{inner.attr}"


def states_in(nodes: list[ast.expr]) -> str:
    """Return the enumerations whose members stand in expressions."""
    return ", ".join(sorted({member.partition(".")[0] for member in members(nodes)}))


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("Post.objects.filter(Q(until_at=None) | Q(until_at__gt=at))", "asks for until_at"),
        ("Post.objects.filter(**{f'{of}until_at__gt': at})", "asks for until_at"),
        ("parts.filter(task__starts_at__gte=at - lasts)", "asks for starts_at"),
        ("people.exclude(volunteer__standing=Standing.ACTIVE)", "asks for standing"),
        ("if volunteer.standing == Standing.ACTIVE: pass", "compares standing"),
        ("parts.filter(status__in=(AssignmentStatus.ACCEPTED, x))", "asks for status"),
        ("LIVE = (AssignmentStatus.OFFERED, AssignmentStatus.ACCEPTED)", "has a set of AssignmentStatus"),
        ("a == TaskStatus.CALLED or a == TaskStatus.CLOSED", "has a set of TaskStatus"),
        ("task.status, task.ended_at = TaskStatus.CLOSED, at", "sets status"),
        ("rows.update(status=ImportStatus.FAILED)", "sets status"),
        ("'''SELECT 1 FROM v WHERE v.standing = 'active' '''", "asks in SQL"),
        ("'SELECT 1 FROM p WHERE p.until_at IS NULL'", "asks in SQL"),
        ("current_posts(user, at).filter(role__in=MANAGING_ROLES)", "asks for role"),
    ],
)
def test_a_second_writing_is_found(source: str, what: str) -> None:
    assert what in set(written_again(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "tasks.filter(status=chosen.status)",
        "task.status == TaskStatus.CANCELLED",
        "posts.filter(role=wanted)",
    ],
)
def test_a_single_state_and_what_a_caller_chose_are_no_second_writing(source: str) -> None:
    assert set(written_again(ast.parse(source))) == set()


def test_the_length_of_a_task_is_asked_for_in_one_place() -> None:
    asking = {
        name
        for name, module in modules().items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "max_duty"
        and isinstance(node.value, ast.Attribute)
    }
    # The length of a duty, and how long the last place of a silent person stays on the map, are other questions.
    assert asking == {
        "backend.dispatch.models.tasks",
        "backend.volunteers.services.duty",
        "backend.tracking.due",
    }
