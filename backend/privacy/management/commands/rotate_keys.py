"""Seals phones and identity cards anew under the newest of FIELD_KEYS."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from backend.lib.encryption import KeyMissing, newest_key
from backend.privacy.sealed_columns import SealedColumn, sealed_columns
from backend.privacy.services.sealing import keys_in_use, outdated, reseal


class Command(BaseCommand):
    help = (
        "Seal everything anew under the newest of FIELD_KEYS, in batches; run it again after an interruption. "
        "Says afterwards which old keys may go."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        columns = sealed_columns()
        for column in columns:
            self._reseal(column)
        used = keys_in_use(columns)
        self.stdout.write(
            f"{used.pop(newest_key())} texts are sealed under the newest key, {newest_key()!r}."
        )
        for key, count in sorted(used.items()):
            verdict = "it may go" if not count else "keep it, and run this again"
            self.stdout.write(f"Key {key!r} seals {count} texts: {verdict}.")

    def _reseal(self, column: SealedColumn) -> None:
        total = outdated(column)
        done = 0
        with tqdm(total=total, desc=column.name, disable=not total or not sys.stderr.isatty()) as bar:
            try:
                for count in reseal(column):
                    done += count
                    bar.update(count)
            except KeyMissing as error:
                raise CommandError(f"{column.name}: {error}") from error
        self.stdout.write(f"{column.name}: {done} of {total} sealed anew.")
