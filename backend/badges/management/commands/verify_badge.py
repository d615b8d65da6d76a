"""Checks a badge without a network or a database."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.badges.badge_text import (
    ForgedBadge,
    NotABadge,
    PublicKeys,
    is_signed_list,
    public_keys,
    read_badge,
    read_public_key,
    short_id,
)
from backend.lib.clock import now

_WRONG = (AttributeError, LookupError, TypeError, ValueError)
"""What a file of another shape leads to."""


class Command(BaseCommand):
    help = "Check the text of a badge's QR code offline; exit code 1 unless it is valid."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", help="what the QR code says: an address, or what follows its last slash")
        parser.add_argument(
            "--key",
            type=Path,
            help="a file with what GET /api/v1/badges/keys answers; without it: BADGE_KEYS",
        )
        parser.add_argument(
            "--revoked", type=Path, help="a file with what GET /api/v1/badges/revoked answers"
        )

    def handle(self, *args: Any, text: str, key: Path | None, revoked: Path | None, **options: Any) -> None:
        keys = _keys(key) if key else public_keys(settings.BADGE_KEYS)
        good_no_more = _revoked(revoked, keys) if revoked else set()
        try:
            statement = read_badge(text, keys)
        except NotABadge as error:
            raise CommandError("unknown: this is not the text of a badge") from error
        except ForgedBadge as error:
            raise CommandError("forged: the signature is wrong, or of a key that is not known") from error
        said = f"{statement.number}, unit {statement.unit}, until {statement.valid_until}"
        if statement.has_run_out(now()):
            raise CommandError(f"expired: {said}")
        if short_id(statement.badge) in good_no_more:
            raise CommandError(f"revoked: {said}")
        self.stdout.write(f"valid: {said}")


def _keys(path: Path) -> PublicKeys:
    try:
        return {one["id"]: read_public_key(one["public"]) for one in _read(path)["keys"]}
    except _WRONG as error:
        raise CommandError(f"{path} is not what GET /api/v1/badges/keys answers") from error


def _revoked(path: Path, keys: PublicKeys) -> set[str]:
    try:
        told = _read(path)
        is_genuine = is_signed_list([told["at"], *told["badges"]], told["key"], told["signature"], keys)
    except _WRONG as error:
        raise CommandError(f"{path} is not what GET /api/v1/badges/revoked answers") from error
    if not is_genuine:
        raise CommandError("the list of revoked badges is forged")
    return set(told["badges"])


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
