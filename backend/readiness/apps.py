"""Registers the readiness app."""

from django.apps import AppConfig


class ReadinessConfig(AppConfig):
    name = "backend.readiness"
    label = "readiness"
    default_auto_field = "django.db.models.BigAutoField"
