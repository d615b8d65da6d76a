"""Finds in the source which rows each room writes: the models behind `.update()`, `.delete()` and the like."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from django.apps import apps
from django.db.models import Model

from backend.lib.calls import Module, modules, resolved

WRITES = frozenset(
    ("adelete", "aupdate", "bulk_create", "bulk_update", "delete", "save", "update", "update_or_create")
)
"""The methods of rows and of sets of rows by which they are changed; making rows has rules of its own."""
WRITERS = frozenset(("insert_rows", "insert_new_rows", "update_rows"))
"""The functions of `lib.bulk` that do so."""
ROOM_OF_LIBRARIES = {"axes": "accounts", "sessions": "accounts"}
"""Which room looks after the tables that libraries bring."""
IN_SQL = re.compile(r"\b(?:DELETE FROM|UPDATE) +\"?([a-z]+_[a-z_]+)\"?")

Models = frozenset[type[Model]]
NONE: Models = frozenset()


def room_of(model: type[Model]) -> str:
    """Return the room that owns the rows of a model."""
    label = model._meta.app_label
    return ROOM_OF_LIBRARIES.get(label, label)


@cache
def by_class() -> dict[str, type[Model]]:
    """Return every model by where its class is defined."""
    return {f"{model.__module__}.{model.__qualname__}": model for model in apps.get_models()}


@cache
def by_table() -> dict[str, type[Model]]:
    """Return every model by its table."""
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@cache
def relations() -> dict[type[Model], dict[str, type[Model]]]:
    """Return the models to which each model leads, by the name of the attribute."""
    return {model: dict(_relations_of(model)) for model in apps.get_models()}


def _relations_of(model: type[Model]) -> Iterator[tuple[str, type[Model]]]:
    for one in model._meta.get_fields():
        if one.is_relation and isinstance(one.related_model, type):
            name = one.get_accessor_name() if one.auto_created and not one.concrete else one.name  # type: ignore[union-attr]
            if name:
                yield name, one.related_model


@cache
def columns() -> dict[type[Model], frozenset[str]]:
    """Return the columns of every model."""
    return {model: frozenset(one.attname for one in model._meta.concrete_fields) for model in relations()}


@cache
def led_to() -> dict[str, Models]:
    """Return the models to which an attribute may lead, of whichever row."""
    found: dict[str, set[type[Model]]] = {}
    for attributes in relations().values():
        for name, model in attributes.items():
            found.setdefault(name, set()).add(model)
    return {name: frozenset(models) for name, models in found.items()}


@dataclass
class Reading:
    """What is known of the names in one function."""

    module: Module
    known: dict[str, Models] = field(default_factory=dict)

    def models_of(self, node: ast.AST | None) -> Models:
        """Return the models of the rows that an expression may hold; none where that cannot be told."""
        match node:
            case ast.Name(id=name):
                return self.known.get(name) or self.class_named(name)
            case ast.Attribute(value=value, attr=attr):
                return self.attribute(self.models_of(value), attr)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if self.models_of(value):
                return self.attribute(self.models_of(value), attr)
            case ast.Call(func=func, args=args):
                return self.returned_by(func) or self.all_of(args)
        return self.held_together(node)

    def held_together(self, node: ast.AST | None) -> Models:
        """Return the models of an expression that is made of others."""
        match node:
            case ast.Subscript(value=value) | ast.Starred(value=value) | ast.NamedExpr(value=value):
                return self.models_of(value)
            case ast.Tuple(elts=several) | ast.List(elts=several) | ast.BoolOp(values=several):
                return self.all_of(several)
            case ast.IfExp(body=one, orelse=other):
                return self.all_of([one, other])
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt) | ast.SetComp(elt=elt):
                return self.models_of(elt)
        return NONE

    def attribute(self, models: Models, name: str) -> Models:
        """Return where an attribute leads: to other rows by a relation, else it is of the same rows."""
        if not models:
            return led_to().get(name, NONE)
        led = frozenset(relations()[model][name] for model in models if name in relations().get(model, {}))
        return led or (NONE if any(name in columns()[model] for model in models) else models)

    def all_of(self, nodes: Iterable[ast.AST]) -> Models:
        """Return the models of several expressions."""
        return NONE.union(*map(self.models_of, nodes))

    def class_named(self, name: str) -> Models:
        """Return the model of this name, as the module knows it."""
        model = by_class().get(resolved(self.module.imports.get(name, f"{self.module.name}.{name}")))
        model = model or by_class().get(self.module.imports.get(name, ""))
        return frozenset((model,)) if model else NONE

    def annotated(self, node: ast.AST | None) -> Models:
        """Return the models that an annotation names, also one in quotes."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.annotated(ast.parse(node.value, mode="eval"))
        parts = ast.walk(node) if node else ()
        return NONE.union(*(self.class_named(part.id) for part in parts if isinstance(part, ast.Name)))

    def returned_by(self, func: ast.AST) -> Models:
        """Return the models that a function of ours returns, by its annotation."""
        name = getattr(func, "id", "")
        where = resolved(self.module.imports.get(name, f"{self.module.name}.{name}"))
        owner, _, own = where.rpartition(".")
        if owner not in modules() or own in modules()[owner].classes:
            return self.class_named(name)
        body = modules()[owner].functions[own][0]
        return Reading(modules()[owner]).annotated(getattr(body, "returns", None))

    def note(self, target: ast.AST, models: Models) -> None:
        """Note what a name holds; of several names each may hold all of it."""
        several = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        for name in several:
            if isinstance(name, ast.Name) and models:
                self.known[name.id] = self.known.get(name.id, NONE) | models


def written_in(module: Module, function: ast.AST) -> Iterator[tuple[str, type[Model]]]:
    """Yield what a function does to rows, and the models of these; also in functions within it."""
    reading = Reading(module)
    parts = list(ast.walk(function))
    for part in (*parts, *parts):  # twice: a name may be read before it is written, in a loop
        for target, models in _named_by(reading, part):
            reading.note(target, models)
    for part in parts:
        yield from _written(reading, part)


def _named_by(reading: Reading, part: ast.AST) -> Iterator[tuple[ast.AST, Models]]:
    """Yield the names to which a part of the source gives rows."""
    match part:
        case ast.arg(arg=name, annotation=annotation):
            yield ast.Name(name), reading.annotated(annotation)
        case ast.AnnAssign(target=target, annotation=annotation):
            yield target, reading.annotated(annotation)
        case ast.Assign(targets=targets, value=value):
            yield from ((target, reading.models_of(value)) for target in targets)
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, reading.models_of(value)
        case ast.NamedExpr(target=target, value=value):
            yield target, reading.models_of(value)


def _written(reading: Reading, node: ast.AST) -> Iterator[tuple[str, type[Model]]]:
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in WRITES:
            yield from ((attr, model) for model in reading.models_of(value))
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in WRITERS:
            yield from ((name, model) for model in reading.models_of(first))
        case ast.Constant(value=str(text)):
            tables = (by_table().get(table) for table in IN_SQL.findall(text))
            yield from (("SQL", model) for model in tables if model)


def writes_of(module: Module) -> Iterator[tuple[str, str, type[Model]]]:
    """Yield for each function of a module, and for what stands beside them, what it does to rows of which model."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    whole = [
        part
        for node in module.tree.body
        for part in (node.body if isinstance(node, ast.ClassDef) else [node])
    ]
    rest = ast.Module([part for part in whole if not isinstance(part, kinds)], [])
    for part in (*(one for one in whole if isinstance(one, kinds)), rest):
        name = getattr(part, "name", "beside functions")
        yield from ((name, how, model) for how, model in written_in(module, part))
