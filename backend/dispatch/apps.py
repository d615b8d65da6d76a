"""Registers the dispatch app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "backend.dispatch"
    label = "dispatch"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Contribute to what people may take out or have deleted."""
        from backend.dispatch.own_data import ASSIGNMENTS
        from backend.volunteers.own_data import own_data

        own_data("assignments", ASSIGNMENTS)
