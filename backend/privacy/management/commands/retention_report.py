"""Prints what the clock has deleted because it was kept long enough."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Max, Sum

from backend.lib.clock import now
from backend.lib.retention import LIMITS
from backend.privacy.models import RetentionRun


class Command(BaseCommand):
    help = "Print how much of each kind was deleted within some days, and when that was last looked after."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="how many days back")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        since = (now() - timedelta(days=days)).date()
        lines = RetentionRun.objects.filter(day__gte=since).values("kind")
        for line in lines.annotate(deleted=Sum("deleted"), last=Max("last_at")).order_by("kind"):
            limit = LIMITS.get(line["kind"])
            kept = f", kept {limit.kept.days} days" if limit else ""
            last = line["last"].isoformat(timespec="seconds")
            self.stdout.write(f"{line['kind']}: {line['deleted']} deleted{kept}, last looked at {last}")
        if not lines.exists():
            self.stdout.write("Nothing yet: does the clock run?")
