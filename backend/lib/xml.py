"""What XML can hold: some characters cannot stand in it, not even escaped (XML 1.0, 2.2)."""

import re

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(text: str) -> str:
    """Return a text without what would break a document; no name has it today, but one may be older than that rule."""
    return _NOT_IN_XML.sub("", text)
