"""Registers the realtime app, and discovers what the other apps register with it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class RealtimeConfig(AppConfig):
    name = "backend.realtime"
    label = "realtime"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("reactions", "events", "topics", "commands", "due")
        from backend.realtime.log.epochs import (
            begin_first,  # models cannot be imported before the apps are ready
        )

        post_migrate.connect(begin_first, sender=self)
