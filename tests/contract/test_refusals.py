"""Every refusal has a name on the wire that no refactoring changes, and one text for people, in both languages."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import gettext_lazy, override

from backend.lib.calls import modules
from backend.lib.errors import Refusal, TooMany, told
from backend.realtime.docs.texts import refusal_texts
from tests.contract.test_documents import refusals

HAN = re.compile(r"[\u4e00-\u9fff]")
PROMISED = Path(__file__).with_name("wire_names.json")
REFUSALS = sorted(refusals(), key=lambda kind: kind.__name__)
PAGES = {name: one.tree for name, one in modules().items() if ".pages." in name or ".console." in name}
TELLS = "backend.accounts.pages.shell"


def test_every_refusal_has_a_name_of_its_own_and_all_are_promised() -> None:
    """The slug stands in the class: to rename a class changes nothing, to change a slug fails here."""
    named = defaultdict(set)
    for kind in REFUSALS:
        if "slug" in vars(kind):
            named[kind.slug].add(kind)

    assert {slug: kinds for slug, kinds in named.items() if len(kinds) > 1} == {}
    assert set(named) == set(json.loads(PROMISED.read_text())["problems"])


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_text_in_both_languages(kind: type[Refusal]) -> None:
    texts = {}
    for language in ("en", "zh-hans"):
        with override(language):
            texts[language] = str(kind.text)

    assert texts["en"].endswith((".", "“Name”."))
    assert not HAN.search(texts["en"])
    assert HAN.search(texts["zh-hans"])
    assert re.findall(r"%\(\w+\)s", texts["en"]) == re.findall(r"%\(\w+\)s", texts["zh-hans"])


def test_the_texts_for_apps_are_those_of_every_refusal() -> None:
    assert set(refusal_texts()) == {kind.slug for kind in REFUSALS}


def test_a_refusal_without_name_or_text_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="no slug, or no text"):
        type("Nameless", (Refusal,), {"text": "There is none."})


def test_a_page_says_its_own_of_a_class_and_of_what_derives_from_it_alone() -> None:
    class TooManyCalls(TooMany):
        """Too many calls."""

        slug = "too-many-calls"
        text = gettext_lazy("You have called %(minutes)s times.")

    own, of_page = TooManyCalls(retry_after_s=70), {TooMany: "Later."}

    assert told(own) == "You have called 2 times."
    assert told(own, of_page) == "Later."
    assert told(own, {TooManyCalls: "Never.", **of_page}) == "Never."
    assert told(TooMany(retry_after_s=1), {TooManyCalls: "Never."}) == (
        "Too many attempts. Wait 1 min, then try again."
    )


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_holds_a_table_of_what_refusals_say(name: str) -> None:
    """A page overrides a text by class; it neither knows slugs, nor has a text beside each `except` or `isinstance`."""
    assert list(_guesses(PAGES[name], name)) == []


def _guesses(tree: ast.Module, name: str) -> Iterator[str]:
    kinds = {kind.__name__ for kind in REFUSALS} | {"Refusal"}
    slugs = {kind.slug for kind in REFUSALS if "-" in kind.slug}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in slugs:
            yield f"{node.lineno}: knows the name {node.value}"
        elif isinstance(node, ast.ExceptHandler) and _names(node.type) & kinds:
            yield from (f"{line}: a text beside an except" for line in _texts(node.body))
        elif isinstance(node, ast.Call) and name != TELLS and _asks_for(node, kinds):
            yield f"{node.lineno}: asks which refusal it is"


def _asks_for(call: ast.Call, kinds: set[str]) -> bool:
    return _names(call.func) == {"isinstance"} and bool(_names(call.args[1]) & kinds)


def _names(node: ast.AST | None) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} if node else set()


def _texts(body: list[ast.stmt]) -> Iterator[int]:
    """Yield the line of each translated text that is no value of a mapping by class."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and _names(node.func) & {"_", "gettext", "gettext_lazy"}:
            yield node.lineno
        if not isinstance(node, ast.Dict):
            waiting += ast.iter_child_nodes(node)
