"""A system check that warns when the pages are not built."""

from typing import Any

from django.core import checks

from backend.console import assets


@checks.register()
def pages_are_built(**_: Any) -> list[checks.CheckMessage]:
    """Warn when there is no manifest: the pages would have neither style nor script."""
    if assets.MANIFEST.exists():
        return []
    hint = "Run script/setup, or `npm run build` in frontend/."
    return [checks.Warning("The pages are not built.", hint=hint, id="console.W001")]
