"""Prints the public key of the audit."""

from typing import Any

from django.core.management.base import BaseCommand

from backend.audit.keys import as_pem, own_key_id, own_public_key


class Command(BaseCommand):
    help = "Print the public key that verifies the audit; keep it on another machine, and on paper."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_pem(own_public_key()), ending="")
        self.stderr.write(f"key {own_key_id()}")
