"""Normalises phones: brings numbers stored under an earlier rule into the form that people sign in with."""

from typing import Any

from django.core.management.base import BaseCommand

from backend.accounts.services.stored_phones import normalise_phones
from backend.lib.clock import now
from backend.volunteers.number_scheme import format_volunteer_number


class Command(BaseCommand):
    """Idempotent: it may run again at any time. Says what it changed, and which people it left alone."""

    help = "Store the phones of all accounts in the form of today: 86 13800001234 becomes 13800001234."

    def handle(self, *args: Any, **options: Any) -> None:
        told = normalise_phones(at=now())
        self.stdout.write(f"{told.seen:,} phones, {told.changed:,} of them changed.")
        for number in told.unreadable:
            self.stdout.write(
                f"{format_volunteer_number(number)}: what is stored is no phone; enter it again."
            )
        for number, other in told.colliding:
            pair = f"{format_volunteer_number(number)} and {format_volunteer_number(other)}"
            self.stdout.write(f"{pair} have the same phone: one person, to be merged, or a mistake.")
