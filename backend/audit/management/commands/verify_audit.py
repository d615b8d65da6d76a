"""Proves that the audit is unchanged since the services wrote it, or names the first changed row."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, DjangoHelpFormatter
from tqdm import tqdm

from backend.audit import keys
from backend.audit.export import Exported
from backend.audit.queries import Stored, one_moment
from backend.audit.verification import Item, Verdict, Witness, read_witnesses, verify

EXPLAINED = """\
Every act is one row. The clock links the rows of a day into a chain of hashes and signs where it stands, with every
step and at the end of the day. This command follows the chain from its beginning and stops at the first row that was
changed, removed, inserted or swapped. It needs no secret: only the public key, which show_audit_key prints; keep a
copy of that elsewhere.

  manage.py verify_audit                                          the database, with this installation's own key
  manage.py verify_audit --from 2026-11-24 --key audit.pem        the last days, with the copy of the public key
  manage.py verify_audit audit.jsonl --key audit.pem              a file of export_audit, on any machine
  manage.py verify_audit --key audit.pem --heads clock.log        and nothing cut off since the clock told its heads

Status 0: proven. 1: something is wrong. 2: it could not be read."""

WHAT_TO_DO = """\
What to do: change nothing. Copy the database as it is, and the logs of the clock, to where nobody can write. Restore
the last backup beside it and verify that: the row as it was stands there. See “The audit” in docs/operations.md."""

SHOWN = 20


class Command(BaseCommand):
    help = EXPLAINED

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=_AsWritten, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help="what export_audit wrote; without it the database is read"
        )
        parser.add_argument(
            "--from", dest="since", type=date.fromisoformat, metavar="DAY", help="first day (UTC)"
        )
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="last day (UTC)")
        parser.add_argument(
            "--key", type=Path, metavar="FILE", help="public keys in PEM; without it this installation's own"
        )
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="a log of the clock, in any form: every head that it names must still be in the chain",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            verdict = _verified(
                **{name: options[name] for name in ("file", "since", "until", "key", "heads")}
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"Cannot verify: {error}", returncode=2) from error
        for remark in verdict.remarks[:SHOWN]:
            self.stdout.write(f"note: {remark}")
        if len(verdict.remarks) > SHOWN:
            self.stdout.write(f"note: and {len(verdict.remarks) - SHOWN} more")
        proven = _proven(verdict)
        if verdict.finding:
            finding = verdict.finding
            raise CommandError(
                f"{finding.kind.upper()}: {finding.text}.\nProven before it: {proven}\n{WHAT_TO_DO}"
            )
        self.stdout.write(f"Proven: {proven}")
        if not options["heads"]:
            self.stdout.write(
                "Whether rows were cut off at the end together with their heads, only --heads tells."
            )
        if not options["key"]:
            self.stdout.write("The key was this installation's own; --key takes your copy of it.")


def _verified(
    file: Path | None, since: date | None, until: date | None, key: Path | None, heads: Path | None
) -> Verdict:
    if file and (since or until):
        raise ValueError("--from and --until are for the database; a file is verified as a whole")
    own = key is None
    public = keys.read_public_keys(key.read_text()) if key else {keys.own_key_id(): keys.own_public_key()}
    witnesses = _witnesses(heads, until)
    book = Exported(file) if file else Stored(since, until)
    with nullcontext() if file else one_moment():
        size = book.size()

        def progress(items: Iterator[Item]) -> Iterable[Item]:
            return tqdm(items, total=size, desc="audit", unit=" rows", disable=None, file=sys.stderr)

        sealed = keys.is_sealed if own and not file else None
        return verify(book, public, witnesses=witnesses, is_sealed=sealed, progress=progress)


def _witnesses(heads: Path | None, until: date | None) -> set[Witness]:
    if heads is None:
        return set()
    with heads.open(encoding="utf-8", errors="replace") as file:
        found = read_witnesses(file)
    if not found:
        raise ValueError(f"{heads} names no head; the clock writes “audit head …” to its log")
    last = (until or date.max).isoformat()
    return {one for one in found if one.day <= last}


def _proven(verdict: Verdict) -> str:
    last = verdict.last
    text = (
        f"{_some(verdict.rows, 'row')} of {_some(verdict.days, 'day')}, {_some(verdict.heads, 'signed head')}"
    )
    text += f", the last of them {last.number} of {last.day} with digest {last.digest}." if last else "."
    if before := verdict.before:
        text += f"\nIt begins after head {before.number} of {before.day}; what came before was not read."
    if verdict.late:
        text += f"\nLinked more than a day after the act: {_some(verdict.late, 'row')}."
    if verdict.waiting:
        text += f"\n{_some(verdict.waiting, 'row')} not linked yet, the first since {verdict.waiting_since}."
    return text


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


class _AsWritten(DjangoHelpFormatter):
    """Keeps the line breaks of the explanation."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:  # argparse's signature
        return text
