"""The audit as a file: one JSON object a line, each head after its rows, in the order of the chain."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from pydantic import TypeAdapter

from backend.audit.chain import FORM, Line, SignedHead

_LINE, _HEAD = TypeAdapter(Line), TypeAdapter(SignedHead)
"""Check the types of values: a file may contain anything."""


def write_book(items: Iterable[Line | SignedHead], file: TextIO, *, before: SignedHead | None) -> None:
    """Write rows and heads; `before` is the head that the first one follows."""
    _write(file, {"form": FORM, "before": asdict(before) if before else None})
    for item in items:
        _write(file, {"row" if isinstance(item, Line) else "head": asdict(item)})


def _write(file: TextIO, content: dict[str, Any]) -> None:
    file.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


def _line(content: dict[str, Any]) -> Line:
    Line(**content)  # raises TypeError for a missing or unknown field
    return _LINE.validate_python(content)


def _head(content: dict[str, Any]) -> SignedHead:
    SignedHead(**content)
    return _HEAD.validate_python(content)


class Exported:
    """An audit in a file that `write_book` wrote. Raises ValueError for any other file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        first = next(self._parsed(), {})
        if first.get("form") != FORM:
            raise ValueError(f"this is no exported audit: its first line does not say “{FORM}”")
        before = first.get("before")
        try:
            self.before = _head(before) if before else None
        except (TypeError, ValueError) as error:
            raise ValueError(f"its first line names no head: {error}") from error

    def size(self) -> int:
        """Return the number of lines in the file."""
        with self.path.open(encoding="utf-8") as file:
            return sum(1 for _ in file)

    def items(self) -> Iterator[Line | SignedHead]:
        """Yield rows and heads in the order of the file."""
        return (item for item in self._everything() if isinstance(item, SignedHead) or item.is_linked)

    def lines_of(self, day: str) -> list[Line]:
        """Return all rows of one day."""
        return [item for item in self._everything() if isinstance(item, Line) and item.day == day]

    def heads_of(self, day: str) -> list[SignedHead]:
        """Return all heads of one day."""
        return [item for item in self._everything() if isinstance(item, SignedHead) and item.day == day]

    def outside(self) -> Iterator[Line]:
        """Yield the rows without a place."""
        return (item for item in self._everything() if isinstance(item, Line) and not item.is_linked)

    def _everything(self) -> Iterator[Line | SignedHead]:
        for number, content in enumerate(self._parsed(), 1):
            try:
                if "row" in content:
                    yield _line(content["row"])
                elif "head" in content:
                    yield _head(content["head"])
                elif number > 1:
                    raise TypeError("neither a row nor a head")
            except (TypeError, ValueError) as error:
                raise ValueError(f"line {number} is no row and no head: {error}") from error

    def _parsed(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                try:
                    content = json.loads(text)
                except ValueError as error:
                    raise ValueError(f"line {number} is no JSON: {error}") from error
                if not isinstance(content, dict):
                    raise ValueError(f"line {number} is no JSON object")
                yield content
