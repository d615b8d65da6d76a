"""The Chinese of the server's texts is complete."""

import re
from pathlib import Path

import polib

from backend.rosters.reading.layout import MAX_COLUMNS
from backend.rosters.reading.refusals import UnreadableRoster
from backend.rosters.reading.rows import MAX_ROWS
from backend.rosters.services.imports import SomethingDepends
from backend.volunteers.services.finding import TooManyFound

SOURCE = Path(__file__).resolve().parents[2] / "backend/console/locale/zh_Hans/LC_MESSAGES/django.po"
ROSTERS = SOURCE.parents[4] / "rosters"


def test_every_text_is_translated() -> None:
    texts = polib.pofile(str(SOURCE))
    assert [entry.msgid for entry in texts if not entry.translated()] == []


def test_every_text_of_the_templates_is_known() -> None:

    known = {entry.msgid for entry in polib.pofile(str(SOURCE))}
    templates = SOURCE.parents[3] / "templates"
    used = {
        text
        for template in templates.rglob("*.html")
        for text in re.findall(r'\{% translate "([^"]+)" %\}', template.read_text())
    }
    assert used - known == set()


def test_every_failure_of_an_import_is_known() -> None:
    """They are stored in English, and translated where they are shown."""
    known = {entry.msgid for entry in polib.pofile(str(SOURCE))}
    written = [path.read_text() for path in (ROSTERS / "reading").glob("*.py")]
    written += [path.read_text() for path in (ROSTERS / "services").glob("import_*.py")]
    told = {
        text
        for source in written
        for text in re.findall(
            r'(?:UnreadableRoster\(|fail\([\w.]+, |^_?[A-Z][A-Z_]+ = )"([^"]+[.])"', source, re.MULTILINE
        )
    }
    told |= {f"A roster has at most {MAX_COLUMNS} columns.", f"A roster has at most {MAX_ROWS:,} rows."}
    told |= {
        TooManyFound().detail,
        "The file is too large.",
        UnreadableRoster().detail,
        SomethingDepends().detail,
    }
    assert len(told) > 25
    assert told - known == set()
