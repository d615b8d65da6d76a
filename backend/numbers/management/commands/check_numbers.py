"""Checks that every issued number is accounted for, and that no person's number could be issued again."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.numbers.queries.number_tally import tally
from backend.volunteers.models import Series
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.services import issue_numbers


class Command(BaseCommand):
    """Counts what became of every number; fails when a person has one that did not come from the counter."""

    help = "Account for every volunteer number: registered, alias, in a block, void, skipped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the option."""
        parser.add_argument(
            "--skip",
            type=int,
            default=0,
            metavar="COUNT",
            help="set so many numbers of each kind aside first, after a backup was restored: they may have been issued",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = []
        for series in Series:
            issue_numbers(options["skip"], series)
            result = tally(series)
            counts = {name: value for name, value in asdict(result).items() if name != "beyond"}
            told = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in counts.items())
            self.stdout.write(f"{series.name.lower()}: {told}")
            wrong += [format_volunteer_number(number) for number in result.beyond]
        if wrong:
            raise CommandError(f"Not issued here, and would be issued again: {', '.join(wrong)}")
