"""Registers the volunteers app."""

from django.apps import AppConfig


class VolunteersConfig(AppConfig):
    name = "backend.volunteers"
    label = "volunteers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from backend.realtime.health import alarms_by
        from backend.volunteers.queries.number_use import number_alarms
        from backend.volunteers.services.own_parts import register

        register()
        alarms_by(number_alarms)
