"""Begins a new epoch of the log: the operator calls it after a restore of the database."""

from typing import Any

from django.core.management.base import BaseCommand

from backend.lib.clock import now
from backend.realtime.log import epochs
from backend.realtime.models import Epoch

NEXT = """Next:
  1. Running processes notice within a second and send their phones away for a moment; start those that stand still.
  2. manage.py check_numbers --skip 5000   sets numbers aside that may have been issued since the backup.
  3. Start the clock anew, and write down when you restored: the audit says that it was put back.
  4. Tell leaders: what was called out or answered after the backup is gone, and has to be called out again.
  5. Sign lost phones out again, and end posts and accounts again that were ended after the backup.
Phones that were signed in at the backup stay so, and begin anew by themselves; answers that they still hold are taken
once. Who signed in after the backup is asked for the password, the one that was good then."""


class Command(BaseCommand):
    """Makes every phone start again: all earlier cursors and receipts are void."""

    help = (
        "Begin another epoch of the log. Call it once after the database was put back to an earlier moment: numbers "
        "of events are used a second time then, and no phone may be taken for one that has them. Every phone gets "
        "snapshots in place of what it missed; nothing is deleted. Once too often costs each phone a snapshot."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stored = Epoch.objects.values_list("value", flat=True).get()
        before = epochs.current()  # this begins a new epoch itself when it detects a restored copy
        if before != stored:
            self.stdout.write(f"Epoch {before} has begun: this database is a restored copy.")
        else:
            begun = epochs.begin(instead_of=before, why=epochs.ASKED, at=now())
            self.stdout.write(f"Epoch {begun} has begun in place of {before}.")
        self.stdout.write(NEXT)
