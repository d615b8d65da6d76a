"""The generated document of REST, read once in a process, and by the parser that is written in C."""

from functools import cache
from typing import Any

import yaml

from simulator.processes import ROOT


@cache
def openapi() -> dict[str, Any]:
    """Return what mobile_api_docs/openapi.yaml says."""
    text = (ROOT / "mobile_api_docs" / "openapi.yaml").read_text()
    document: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return document
