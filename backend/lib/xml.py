"""The characters of XML: some cannot stand in a document, not even escaped (XML 1.0, 2.2)."""

import re

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(text: str) -> str:
    """Return a text without characters that break a document; today no name has them, but an older one may."""
    return _NOT_IN_XML.sub("", text)
