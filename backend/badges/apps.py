"""Registers the badges app."""

from django.apps import AppConfig


class BadgesConfig(AppConfig):
    name = "backend.badges"
    label = "badges"
    default_auto_field = "django.db.models.BigAutoField"
