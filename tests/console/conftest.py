"""What all tests of pages need."""

import json
from typing import Any

import pytest

from backend.console import assets


@pytest.fixture(autouse=True)
def _built(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for what Vite builds, so that these tests do not need Node."""
    manifest = {
        "src/floor/floor.js": {"file": "assets/floor-1.js"},
        "src/pages/base.ts": {"file": "assets/base-1.js", "css": ["assets/base-1.css"]},
        "src/pages/me.ts": {"file": "assets/me-1.js", "imports": ["_shared.js"]},
        "_shared.js": {"file": "assets/shared-1.js", "imports": ["_shared.js"]},
        "src/worker/worker.ts": {"file": "assets/worker-1.js"},
    }
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "worker-1.js").write_text("work();")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(assets, "BUILT", tmp_path)
    monkeypatch.setattr(assets, "MANIFEST", tmp_path / "manifest.json")
