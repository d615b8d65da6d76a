"""The texts of all refusals in both languages, for apps and for the scripts of the pages."""

import re

from django.conf import settings
from django.utils.translation import override

from backend.lib.errors import refusals

PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def refusal_texts() -> dict[str, dict[str, str]]:
    """Return what people are told, by the end of the problem type and by language; `{minutes}` is filled in.

    Needs every module that declares refusals to be imported, as the addresses of the product do.
    """
    ours = [kind for kind in refusals() if kind.__module__.startswith("backend.")]
    texts: dict[str, dict[str, str]] = {kind.slug: {} for kind in sorted(ours, key=lambda kind: kind.slug)}
    for language, _ in settings.LANGUAGES:
        with override(language):
            for kind in ours:
                texts[kind.slug][language] = PLACEHOLDER.sub(r"{\1}", str(kind.text))
    return texts
