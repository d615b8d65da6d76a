"""Adds a kind of partner organisations, or changes one; without a code it lists them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.lib.clock import now
from backend.lib.errors import Invalid
from backend.partners.queries import kinds
from backend.partners.services import set_kind


class Command(BaseCommand):
    """Idempotent. A kind that units are of is never deleted: `--retire` offers it for new ones no more."""

    help = "Add or change a kind of partner organisations; without a code, list them in their order."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", nargs="?", help="lower case letters, digits and _, at most 20")
        parser.add_argument("--english", help="its name in English")
        parser.add_argument("--chinese", help="its name in Chinese")
        parser.add_argument(
            "--position", type=int, help="its place in lists; those of the beginning have 10, 20 …"
        )
        use = parser.add_mutually_exclusive_group()
        use.add_argument(
            "--retire", action="store_const", const=False, dest="in_use", help="for no new units"
        )
        use.add_argument("--use", action="store_const", const=True, dest="in_use", help="for new units again")

    def handle(self, *args: Any, code: str | None, **options: Any) -> None:
        if code:
            wanted = {name: options[name] for name in ("english", "chinese", "position", "in_use")}
            try:
                changed = set_kind(code=code, at=now(), **wanted)
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from error
            except Invalid as error:
                raise CommandError("a new kind needs --english and --chinese; 200 are the most") from error
            self.stdout.write(f"{code} is {'changed' if changed else 'as it was'}.")
        for kind in kinds():
            state = "" if kind.in_use else "  (not in use)"
            self.stdout.write(f"{kind.position:4} {kind.code:20} {kind.name_en} / {kind.name_zh}{state}")
