"""Registers the volunteers app."""

from django.apps import AppConfig


class VolunteersConfig(AppConfig):
    name = "backend.volunteers"
    label = "volunteers"
    default_auto_field = "django.db.models.BigAutoField"
