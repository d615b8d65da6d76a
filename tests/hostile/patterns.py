"""Finds the regular expressions of the product, and makes texts that a careless one takes for ever to refuse."""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined, unused-ignore]
from re import _parser as parser  # type: ignore[attr-defined, unused-ignore]
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_CATEGORIES = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}
_MOST_SIGNS = 14


@dataclass(frozen=True)
class Use:
    """A regular expression and where it stands; `anywhere`: it is looked for from each character on."""

    place: str
    pattern: "re.Pattern[Any]"
    anywhere: bool = True

    def run(self, text: str) -> None:
        """Use the pattern as the product does."""
        given: Any = text.encode("utf-8") if isinstance(self.pattern.pattern, bytes) else text
        self.pattern.fullmatch(given)
        if self.anywhere:
            for _ in self.pattern.finditer(given):
                pass


def uses() -> list[Use]:
    """Return every pattern that a module of the product compiles, or hands to a function of `re`."""
    paths = [p for p in sorted((ROOT / "backend").rglob("*.py")) if "migrations" not in p.parts]
    trees = {path: ast.parse(path.read_text()) for path in paths}
    methods = _methods(trees.values())
    return [use for path, tree in trees.items() for use in _uses_in(path, tree, methods)]


def _methods(trees: Iterable[ast.AST]) -> dict[str, set[str]]:
    """Return which methods are called on what has a name: `_DATE.fullmatch(…)`."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.setdefault(node.value.id, set()).add(node.attr)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                found.setdefault(node.value.attr, set()).add(node.attr)
    return found


def _uses_in(path: Path, tree: ast.AST, methods: Mapping[str, set[str]]) -> Iterator[Use]:
    named = {
        id(node.value): methods.get(target.id, set())
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _of_re(node.func)]
    inside = vars(importlib.import_module(_module(path))) if calls else {}
    for call in calls:
        ways = named.get(id(call), set()) if _of_re(call.func) == "compile" else {_of_re(call.func)}
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        yield Use(place, _compiled(call, inside), not ways or bool(ways - {"match", "fullmatch", "pattern"}))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _compiled(call: ast.Call, inside: dict[str, Any]) -> "re.Pattern[Any]":
    flags = [word.value for word in call.keywords if word.arg == "flags"]
    if _of_re(call.func) == "compile":
        flags += call.args[1:2]
    return re.compile(*(_value(part, inside) for part in (call.args[0], *flags)))


def _of_re(called: ast.expr) -> str:
    """Return which function of `re` is called; empty when it is none."""
    if not (isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)):
        return ""
    return called.attr if called.value.id == "re" and called.attr != "escape" else ""


def _value(part: ast.expr, inside: dict[str, Any]) -> Any:
    """Return what an argument is: a literal, or made of what the module names."""
    return eval(compile(ast.Expression(part), "<pattern>", "eval"), inside)


# --- hostile texts ------------------------------------------------------------------------------------------------


def hostile_texts(use: Use, length: int) -> Iterator[str]:
    """Yield texts of a length, made of what the pattern looks for: repeated, begun in many ways, never finished."""
    signs, sample = _signs(use.pattern), _sample(use.pattern)
    pieces = {*signs, sample, *_beginnings(sample), "eyJ", "a1 "} - {""}
    heads = {"", *_beginnings(sample), sample}
    tried = [
        *product(pieces, heads, ("", "\x01")),
        *product(map("".join, product(signs, repeat=2)), [""], ["\x01"]),
    ]
    for piece, head, tail in sorted(tried):
        room = length - len(tail)
        yield f"{head}{piece * (room // len(piece) + 1)}"[:room] + tail


def _beginnings(sample: str) -> Iterator[str]:
    step = max(1, len(sample) // 8)
    yield from (sample[:end] for end in range(1, len(sample), step))


def _signs(pattern: "re.Pattern[Any]") -> list[str]:
    """Return characters that the pattern tells apart."""
    found = dict.fromkeys(_walk(_parsed(pattern)))
    return [*list(found)[:_MOST_SIGNS], " ", "-"]


def _parsed(pattern: "re.Pattern[Any]") -> Any:
    text = pattern.pattern
    return parser.parse(text, pattern.flags & ~re.DEBUG)


def _walk(part: Any) -> Iterator[str]:
    if isinstance(part, parser.SubPattern | list | tuple):
        if isinstance(part, tuple) and len(part) == 2 and (sign := _sign_of(*part)):
            yield sign
            return
        for inner in part:
            yield from _walk(inner)


def _sign_of(kind: Any, value: Any) -> str:
    """Return a character that one step of a pattern takes; empty when it is no step of one character."""
    if kind in (kinds.LITERAL, kinds.NOT_LITERAL):
        return chr(value) if kind is kinds.LITERAL else chr(value + 1)
    if kind is kinds.RANGE:
        return chr(value[0])
    if kind is kinds.CATEGORY:
        return _CATEGORIES.get(str(value), "~")
    return "x" if kind is kinds.ANY else ""


def _sample(pattern: "re.Pattern[Any]") -> str:
    """Return about what the pattern matches."""
    return "".join(_made(_parsed(pattern)))


def _made(steps: Any) -> Iterator[str]:
    for kind, value in steps:
        yield from _MAKERS.get(kind, partial(_one, kind))(value)


def _one(kind: Any, value: Any) -> Iterator[str]:
    yield _sign_of(kind, value)


def _from_set(value: Any) -> Iterator[str]:
    kind, inner = value[-1] if value[0][0] is kinds.NEGATE else value[0]
    yield "~" if value[0][0] is kinds.NEGATE else _sign_of(kind, inner)


def _repeated(value: Any) -> Iterator[str]:
    least, _most, inner = value
    yield "".join(_made(inner)) * max(1, min(least, 200))


_MAKERS: dict[Any, Any] = {
    kinds.IN: _from_set,
    kinds.MAX_REPEAT: _repeated,
    kinds.MIN_REPEAT: _repeated,
    kinds.POSSESSIVE_REPEAT: _repeated,
    kinds.SUBPATTERN: lambda value: _made(value[-1]),
    kinds.ATOMIC_GROUP: _made,
    kinds.BRANCH: lambda value: _made(value[1][0]),
    kinds.AT: lambda _: iter(()),
    kinds.ASSERT: lambda _: iter(()),
    kinds.ASSERT_NOT: lambda _: iter(()),
}
