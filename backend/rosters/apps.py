"""Registers the rosters app."""

from django.apps import AppConfig


class RostersConfig(AppConfig):
    name = "backend.rosters"
    label = "rosters"
    default_auto_field = "django.db.models.BigAutoField"
