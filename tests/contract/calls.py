"""Which functions of the product write to the database, read from the source alone."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from django.conf import settings

from backend.lib.calls import callees, modules, resolved

ROOMS = tuple(app for app in settings.INSTALLED_APPS if app.startswith("backend.") and app.count(".") == 1)
"""The packages of all rooms that hold models or pages, from the lowest."""
OF_THE_DOMAIN = ROOMS[ROOMS.index("backend.realtime") + 1 :]
"""Those that know what a volunteer is."""
WRITING = {
    "add_child",
    "add_root",
    "bulk_create",
    "bulk_update",
    "create",
    "create_user",
    "delete",
    "get_or_create",
    "move",
    "save",
    "update_or_create",
}
"""Methods of models and managers that write; `update` is one of them when it is called with keywords alone."""
STATEMENT = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE \S+ SET|COPY)\b")
"""What a writing statement looks like: a function that has one or names one of its module's writes."""
WRITERS = {"backend.lib.bulk.insert_rows", "backend.lib.bulk.update_rows"}
RECORDERS = {"backend.audit.services.records.record", "backend.audit.services.records.record_all"}

ACT, OPENS = "backend.accounts.acting.Act", "backend.accounts.acting.acting"
"""What an act is, and what opens one. They write what was recorded by the act, and record nothing of themselves."""


def calls_of_act(function: str, *methods: str) -> Iterator[ast.Call]:
    """Yield the calls of some methods of an act in a function's own lines.

    An act is a parameter that is annotated so, what `with acting(…) as` names, and what `of` makes of one.
    """
    owner, _, own = function.rpartition(".")
    for body in modules()[owner].functions[own]:
        acts = set(_acts_in(owner, body))
        for node in ast.walk(body):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of_act = _is_act(node.func.value, acts)
                if of_act and node.func.attr in methods:
                    yield node


def _acts_in(owner: str, body: ast.AST) -> Iterator[str]:
    """Yield the names that stand for an act in a function: those that are handed in or opened, then their parts."""
    named = set()
    for node in ast.walk(body):
        if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name):
            named |= {node.arg} if _means(owner, node.annotation, ACT) else set()
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            is_opened = isinstance(node.context_expr, ast.Call) and _means(
                owner, node.context_expr.func, OPENS
            )
            named |= {node.optional_vars.id} if is_opened else set()
    yield from named
    for node in ast.walk(body):
        if isinstance(node, ast.Assign) and _is_act(node.value, named):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _is_act(node: ast.AST, acts: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in acts
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr == "of" and _is_act(node.func.value, acts)


def _means(owner: str, node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and resolved(modules()[owner].imports.get(node.id, "")) == name


@cache
def records_itself(function: str) -> bool:
    """Tell whether the function's own lines record: by an act, or below accounts directly."""
    records = {function, *callees(function)} & RECORDERS
    return bool(records) or any(calls_of_act(function, "record"))


@cache
def changes_itself(function: str) -> bool:
    """Tell whether the function's own lines write to the database, or tell of something."""
    return writes_itself(function) or any(calls_of_act(function, "tell", "tell_all"))


@cache
def _statements(owner: str) -> set[str]:
    """Return the names of a module that stand for writing statements."""
    return {
        target.id
        for node in modules()[owner].tree.body
        if isinstance(node, ast.Assign) and any(map(_is_statement, ast.walk(node.value)))
        for target in node.targets
        if isinstance(target, ast.Name)
    }


@cache
def writes_itself(function: str) -> bool:
    """Tell whether the function's own lines write to the database."""
    owner, _, own = function.rpartition(".")
    nodes = [node for body in modules()[owner].functions[own] for node in ast.walk(body)]
    statements = _statements(owner)
    return bool(callees(function) & WRITERS) or any(_writes(node, statements) for node in nodes)


def _writes(node: ast.AST, statements: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in statements
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return _is_statement(node)
    only_keywords = bool(node.keywords) and not node.args
    return node.func.attr in WRITING or (node.func.attr == "update" and only_keywords)


def _is_statement(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(STATEMENT.search(node.value))
    )
