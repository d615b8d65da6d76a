"""Views take fields from forms, which know their limits; by hand they read little but the button that was pressed."""

import ast
from collections.abc import Iterator

from backend.lib.calls import modules

BUTTONS = {"act", "decision"}
BY_HAND = {
    ("backend.badges.pages.badge", "person"): "the boxes of a table; only members of the unit are looked for",
    ("backend.badges.pages.badge", "reason"): "said by the button",
    ("backend.console.views", "language"): "the button of every page",
    ("backend.console.views", "next"): "an address, which Django judges",
    (
        "backend.numbers.pages.numbers",
        "unit",
    ): "the unit that was chosen stays chosen, whatever else is wrong",
    (
        "backend.joining.pages.invitations",
        "person",
    ): "the boxes of a table; only members of the unit are looked for",
}
"""What a view reads from a form without a field for it, and why."""


def test_views_read_no_fields_by_hand() -> None:
    read = {
        (name, field)
        for name, module in modules().items()
        if ".pages" in name or ".console" in name
        for field in _read(module.tree)
        if field not in BUTTONS
    }

    assert read == set(BY_HAND)


def _read(tree: ast.Module) -> Iterator[str]:
    """Yield the name of each field that is read from `request.POST`."""
    for node in ast.walk(tree):
        place = (
            node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        )
        names = node.args if isinstance(node, ast.Call) else []
        if isinstance(node, ast.Subscript):
            place, names = node.value, [node.slice]
        if place is not None and ast.unparse(place) == "request.POST":
            yield from (str(name.value) for name in names[:1] if isinstance(name, ast.Constant))
