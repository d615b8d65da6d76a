"""Which functions of the product write to the database, read from the source alone."""

import ast
import re
from functools import cache

from django.conf import settings

from backend.lib.calls import callees, modules

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
