"""Makes a volunteer an operator of this installation, or ends that."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.services.operators import name_operator
from backend.lib.clock import now
from backend.lib.errors import NotFound
from backend.volunteers.queries.numbers import volunteer_numbered


class Command(BaseCommand):
    help = "Make a volunteer an operator, who sees the pages below /operators/; --dismiss ends that."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="the volunteer number")
        parser.add_argument("--dismiss", action="store_true", help="the person is no operator any more")

    def handle(self, *args: Any, number: str, dismiss: bool, **options: Any) -> None:
        try:
            volunteer = volunteer_numbered(number)
            changed = name_operator(account=volunteer.user, is_operator=not dismiss, at=now())
        except NotFound as error:
            raise CommandError(f"nobody who can sign in has the number {number}") from error
        state = "no operator" if dismiss else "an operator"
        self.stdout.write(f"{number} is {state}{' now' if changed else ' already'}.")
