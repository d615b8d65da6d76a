"""Writes the audit to a file that can be verified anywhere."""

import sys
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from backend.audit.export import write_book
from backend.audit.queries import Stored, one_moment


class Command(BaseCommand):
    help = (
        "Write rows and signed heads as JSON lines, for `verify_audit FILE --key PUBLIC_KEY` on any machine. "
        "It holds ids, codes and counts, no names and no phones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a new file, or - for standard output")
        parser.add_argument(
            "--from", dest="since", type=date.fromisoformat, metavar="DAY", help="first day (UTC)"
        )
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="last day (UTC)")

    def handle(self, *args: Any, file: str, since: date | None, until: date | None, **options: Any) -> None:
        try:
            if file == "-":
                _export(Stored(since, until), sys.stdout)
            else:
                with Path(file).open("x", encoding="utf-8") as opened:
                    _export(Stored(since, until), opened)
        except OSError as error:
            raise CommandError(f"Cannot write: {error}") from error


def _export(book: Stored, file: TextIO) -> None:
    with one_moment():
        items = chain(book.items(), book.outside())
        bar = tqdm(items, total=book.size(), desc="audit", unit=" rows", disable=None, file=sys.stderr)
        write_book(bar, file, before=book.before)
