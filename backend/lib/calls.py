"""The call graph of the product, read from the source alone."""

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Module:
    """The definitions and imports of one module."""

    name: str
    tree: ast.Module
    functions: dict[str, list[ast.AST]] = field(default_factory=dict)
    """By name; a class holds the bodies of all its methods."""
    classes: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)


@cache
def modules() -> dict[str, Module]:
    """Return every module of the product except migrations."""
    found = {}
    for path in sorted((ROOT / "backend").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts:
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = _read(name, ast.parse(path.read_text()))
    return found


def _read(name: str, tree: ast.Module) -> Module:
    module = Module(name, tree)
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
    return module


@cache
def _answers() -> dict[str, frozenset[str]]:
    """Return the functions that answer each hook and question, of all rooms."""
    found: dict[str, set[str]] = {}
    for module in modules().values():
        for function, bodies in module.functions.items():
            for asked in _answered_by(module, bodies):
                found.setdefault(asked, set()).add(f"{module.name}.{function}")
    return {asked: frozenset(functions) for asked, functions in found.items()}


def _answered_by(module: Module, bodies: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the hooks for which functions are registered: `@hooks.merging.answered_by("badges")`, `@zone_of.answer`."""
    for body in bodies:
        for decorator in getattr(body, "decorator_list", ()):
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(named, ast.Attribute) and named.attr in {"answered_by", "answer"}:
                yield _target(module, named.value)


def resolved(name: str) -> str:
    """Return where a dotted name is defined, followed through re-exports; "" if it is not ours."""
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
    """Return our functions and classes that a function names; all that it calls are among them.

    A hook calls the functions that answer it.
    """
    owner, _, own = function.rpartition(".")
    module = modules()[owner]
    answers = _answers().get(function, frozenset()) if owner.endswith(".hooks") else frozenset()
    return frozenset(_named_in(module, module.functions[own]) - {"", function}) | answers


def _named_in(module: Module, bodies: Iterable[ast.AST]) -> set[str]:
    return {_target(module, node) for body in bodies for node in _before_commit(body)}


def _before_commit(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function without its `on_commit` callbacks: these no longer refuse anything."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "on_commit":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _before_commit(child)


def _target(module: Module, node: ast.AST) -> str:
    """Return the definition of ours that a node names; "" for anything else."""
    if isinstance(node, ast.Name):
        local = f"{module.name}.{node.id}"
        return local if node.id in module.functions else resolved(module.imports.get(node.id, ""))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return resolved(f"{module.imports.get(node.value.id, '')}.{node.attr}")
    return ""


def reach(function: str, *, beside: Collection[str] = ()) -> set[str]:
    """Return every function that a function can reach, itself included; paths through `beside` are not followed."""
    found: set[str] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        if one not in found and one not in beside:
            found.add(one)
            waiting += callees(one)
    return found


def callees_of_method(owner: str, kind: str, method: str) -> frozenset[str]:
    """Return the `callees` of one method of a class in module `owner`; empty for an inherited method."""
    module = modules()[owner]
    bodies = [body for body in module.functions.get(kind, []) if getattr(body, "name", "") == method]
    return frozenset(_named_in(module, bodies) - {""})


def functions_in(*prefixes: str) -> Iterator[str]:
    """Yield the functions and classes of modules with these names, and of their submodules."""
    for name, module in modules().items():
        if any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes):
            yield from (f"{name}.{function}" for function in module.functions)
