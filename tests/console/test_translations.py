"""The Chinese of the server's texts is complete."""

import re
from pathlib import Path

import polib

SOURCE = Path(__file__).resolve().parents[2] / "backend/console/locale/zh_Hans/LC_MESSAGES/django.po"


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
