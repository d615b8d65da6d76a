"""Makes an invitation for a person without a leader above, for example the first commander."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.joining.services.invitations import invite
from backend.lib.clock import now
from backend.lib.errors import NotFound
from backend.volunteers.queries.numbers import volunteer_numbered


class Command(BaseCommand):
    help = "Make a code by which a person signs in, once, and chooses a password; the former code is void."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="the volunteer number")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        try:
            volunteer = volunteer_numbered(number)
        except NotFound as error:
            raise CommandError(f"nobody has the number {number}") from error
        (made,) = invite(volunteers=[volunteer], by=None, at=now())
        self.stdout.write(f"{made.number}  {made.code}  until {made.expires_at:%Y-%m-%d}")
