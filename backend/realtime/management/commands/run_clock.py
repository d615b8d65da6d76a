"""The clock process: does scheduled work, from database rows. Several may run."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backend.lib.clock import now
from backend.realtime import clock


class Command(BaseCommand):
    help = "Do due work (expiry, end of duty, trimming) until stopped; several may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do all of it once and stop")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            for name, dealt_with in clock.tick(at=now()).items():
                self.stdout.write(f"{name}: {dealt_with}")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("clock runs")
        clock.run(stop)
