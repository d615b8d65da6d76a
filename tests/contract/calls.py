"""Which function of the product reaches which, and which of them write, read from the source alone."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
WRITERS = {"backend.lib.rows.insert_rows", "backend.lib.rows.update_rows"}
RECORDERS = {"backend.audit.services.records.record", "backend.audit.services.records.record_all"}


@dataclass
class Module:
    """What one module defines and imports."""

    name: str
    functions: dict[str, list[ast.AST]] = field(default_factory=dict)
    """By name; a class has the bodies of all its methods."""
    classes: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    statements: set[str] = field(default_factory=set)
    """Names of the module that stand for writing statements."""


@cache
def modules() -> dict[str, Module]:
    """Return every module of the product but migrations."""
    found = {}
    for path in sorted((ROOT / "backend").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts:
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = _read(Module(name), ast.parse(path.read_text()))
    return found


def _read(module: Module, tree: ast.Module) -> Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            module.functions[node.name] = [node]
        elif isinstance(node, ast.ClassDef):
            module.functions[node.name] = [
                part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            module.classes.add(node.name)
        elif isinstance(node, ast.Assign) and any(map(_is_statement, ast.walk(node.value))):
            module.statements |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return module


def resolved(name: str) -> str:
    """Return where a dotted name is defined, through the packages that hand it on; "" if it is none of ours."""
    for _ in range(10):
        owner, _, own = name.rpartition(".")
        module = modules().get(owner)
        if module is None:
            return ""
        if own in module.functions:
            return name
        if own not in module.imports:
            return ""
        name = module.imports[own]
    return ""


@cache
def callees(function: str) -> frozenset[str]:
    """Return our functions and classes that a function names: whatever it calls is among them."""
    owner, _, own = function.rpartition(".")
    module = modules()[owner]
    found = set()
    for body in module.functions[own]:
        for node in ast.walk(body):
            if isinstance(node, ast.Name):
                local = f"{owner}.{node.id}"
                target = local if node.id in module.functions else resolved(module.imports.get(node.id, ""))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                target = resolved(f"{module.imports.get(node.value.id, '')}.{node.attr}")
            else:
                continue
            found.add(target)
    return frozenset(found - {"", function})


def reach(function: str) -> set[str]:
    """Return everything that a function can come to, itself included."""
    found: set[str] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += callees(one)
    return found


@cache
def writes_itself(function: str) -> bool:
    """Tell whether the function's own lines write to the database."""
    owner, _, own = function.rpartition(".")
    nodes = [node for body in modules()[owner].functions[own] for node in ast.walk(body)]
    statements = modules()[owner].statements
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


def functions_in(*prefixes: str) -> Iterator[str]:
    """Yield the functions and classes of modules of these names, and of the modules within them."""
    for name, module in modules().items():
        if any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes):
            yield from (f"{name}.{function}" for function in module.functions)
