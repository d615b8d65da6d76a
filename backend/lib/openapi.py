"""Describes the operations of REST: a summary, the need of a token, and the problems that each may answer."""

import importlib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from drf_spectacular.openapi import AutoSchema

from backend.lib import calls
from backend.lib.errors import (
    Busy,
    Invalid,
    Malformed,
    NotFound,
    NotSignedIn,
    Refusal,
    TooLarge,
    UnsupportedMediaType,
)
from backend.lib.problems import PROBLEM, Problem

Kinds = set[type[Refusal]]

OF_BODIES: Kinds = {Malformed, Invalid, TooLarge, UnsupportedMediaType}
TYPES = "x-types"
"""The member of a response that keeps its problem types while the document is generated."""
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which the same may be tried again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


class OperationSchema(AutoSchema):
    """One operation of the document; its problems are read from the source, by what its method can reach."""

    def get_summary(self) -> str:
        """Return the first sentence of the method's docstring."""
        first = str(self.get_description()).strip().split("\n\n")[0].replace("\n", " ")
        return first.split(". ")[0].split("; ")[0].rstrip(".")

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation with its problems; `security` is empty where no token is needed."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            operation.setdefault("security", [])
            add_problems(operation, self._problems(operation))
        return operation

    def _problems(self, operation: dict[str, Any]) -> Kinds:
        kind = type(self.view)
        found: Kinds = {Busy, *_reached(kind.__module__, kind.__name__, self.method.lower())}
        if operation["security"]:
            found.add(NotSignedIn)
        if "requestBody" in operation:
            found |= OF_BODIES
        if "{" in self.path:
            found.add(NotFound)
        return found


@cache
def _reached(owner: str, kind: str, method: str) -> frozenset[type[Refusal]]:
    """Return the refusals that a method can reach; a class that only groups others has no status of its own."""
    functions = {
        one for callee in calls.callees_of_method(owner, kind, method) for one in calls.reach(callee)
    }
    classes = (one.rpartition(".") for one in functions)
    named: list[type] = [
        getattr(importlib.import_module(module), name)
        for module, _, name in classes
        if name in calls.modules()[module].classes
    ]
    return frozenset(one for one in named if issubclass(one, Refusal) and one is not Refusal)


def add_problems(operation: dict[str, Any], kinds: Iterable[type[Refusal]]) -> None:
    """Add types of problems to an operation: one response for each status, with the names of its types."""
    by_status: dict[int, set[str]] = defaultdict(set)
    for kind in kinds:
        by_status[kind.status].add(kind.slug)
    for status, slugs in sorted(by_status.items()):
        before = operation["responses"].get(str(status), {}).get(TYPES, [])
        operation["responses"][str(status)] = _response(status, sorted(slugs.union(before)))


def _response(status: int, slugs: list[str]) -> dict[str, Any]:
    types = [f"/problems/{slug}" for slug in slugs]
    one_of = {"type": "object", "properties": {"type": {"type": "string", "enum": types}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, one_of]}
    response: dict[str, Any] = {
        "description": ", ".join(f"`{slug}`" for slug in slugs),
        "content": {PROBLEM: {"schema": schema}},
        TYPES: slugs,
    }
    return response | ({"headers": RETRY_AFTER} if status in (429, 503) else {})


def share_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Define a response of a single problem type once for all operations (a hook, after those that add some)."""
    shared: dict[str, Any] = {}
    for path in result["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                slugs = response.pop(TYPES, [])
                if len(slugs) == 1:
                    name = slugs[0].title().replace("-", "")
                    shared[name] = response
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    result["components"]["responses"] = dict(sorted(shared.items()))
    return result


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the shape of problems, and the problems that every operation may answer (a hook of drf-spectacular)."""
    schemas = result["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    refused = {
        "description": "Refused by what stands before every operation, or unforeseen (`internal`); see problems.md.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = refused
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result
