"""The document of the kit says what the kit does, and every rule that the kit names stands where it says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.conformance.report import table
from simulator.conformance.trials import TRIALS
from simulator.processes import ROOT

DOCUMENTS = ROOT / "mobile_api_docs"
KIT = ROOT / "simulator" / "conformance"
RULE = re.compile(r'"((?:[a-z_]+\.md)(?:#[a-z-]+)?)"')


def rules() -> Iterator[str]:
    """Yield every address of a rule in the sources."""
    for path in sorted(KIT.rglob("*.py")):
        yield from RULE.findall(path.read_text())


def anchors(document: Path) -> set[str]:
    """Return what can stand behind the # of an address."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("rule", sorted(set(rules())))
def test_rule_stands_where_the_kit_says(rule: str) -> None:
    name, _, anchor = rule.partition("#")

    assert (DOCUMENTS / name).exists()
    assert not anchor or anchor in anchors(DOCUMENTS / name)


def test_document_lists_every_trial() -> None:
    assert table(TRIALS) in (DOCUMENTS / "conformance.md").read_text()


def test_every_close_code_is_tried() -> None:
    text = (DOCUMENTS / "close_codes.md").read_text()
    codes = set(re.findall(r"^\| (\d{4}) \|", text, flags=re.MULTILINE))

    assert {f"close-{code}" for code in codes} <= {trial.name for trial in TRIALS}
