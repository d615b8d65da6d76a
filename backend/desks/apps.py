"""Registers the desks app."""

from django.apps import AppConfig


class DesksConfig(AppConfig):
    name = "backend.desks"
    label = "desks"
    default_auto_field = "django.db.models.BigAutoField"
