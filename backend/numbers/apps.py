"""Registers the numbers app."""

from django.apps import AppConfig


class NumbersConfig(AppConfig):
    name = "backend.numbers"
    label = "numbers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.numbers.queries.number_use import number_alarms
        from backend.realtime.health import alarms_by

        alarms_by(number_alarms)
