"""Compiles every translation of the product without gettext's programs."""

from pathlib import Path

import polib

BACKEND = Path(__file__).resolve().parent.parent / "backend"


def compile_all() -> None:
    """Write a .mo file beside each .po file."""
    for source in sorted(BACKEND.glob("*/locale/*/LC_MESSAGES/*.po")):
        polib.pofile(str(source), check_for_duplicates=True).save_as_mofile(str(source.with_suffix(".mo")))


if __name__ == "__main__":
    compile_all()
