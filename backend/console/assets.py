"""Finds the files that Vite built: their names carry a hash, and the manifest lists them."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static

BUILT = Path(__file__).resolve().parent / "static" / "console"
MANIFEST = BUILT / "manifest.json"


def stylesheets(entry: str) -> list[str]:
    """Return the addresses of the style sheets of an entry and of its imports."""
    found = [css for chunk in _chunks(entry) for css in chunk.get("css", [])]
    return [_address(name) for name in dict.fromkeys(found)]


def script(entry: str) -> str:
    """Return the address of the entry's script; empty when the pages are not built."""
    chunk = _manifest().get(entry)
    return _address(chunk["file"]) if chunk else ""


def preloads(entry: str) -> list[str]:
    """Return the scripts that the entry imports statically."""
    return [_address(chunk["file"]) for chunk in _chunks(entry)[1:]]


def shell(*entries: str) -> list[str]:
    """Return every file that pages with these entries need for a start without a network."""
    files = [
        address for entry in entries for address in [*stylesheets(entry), script(entry), *preloads(entry)]
    ]
    return list(dict.fromkeys(filter(None, files)))


def source(entry: str) -> str:
    """Return the text of an entry's script."""
    chunk = _manifest().get(entry)
    return (BUILT / chunk["file"]).read_text() if chunk else ""


def _chunks(entry: str) -> list[dict[str, Any]]:
    manifest, found, queue = _manifest(), {}, [entry]
    while queue:
        name = queue.pop(0)
        if name in manifest and name not in found:
            found[name] = manifest[name]
            queue += manifest[name].get("imports", [])
    return list(found.values())


def _address(name: str) -> str:
    return static(f"console/{name}")


def _manifest() -> dict[str, Any]:
    # The modification time is part of the cache key: a new build is seen without a restart.
    return _read(MANIFEST.stat().st_mtime_ns) if MANIFEST.exists() else {}


@lru_cache(maxsize=1)
def _read(_changed: int) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text())
    return manifest
