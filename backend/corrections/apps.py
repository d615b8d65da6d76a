"""Registers the corrections app."""

from django.apps import AppConfig


class CorrectionsConfig(AppConfig):
    name = "backend.corrections"
    label = "corrections"
    default_auto_field = "django.db.models.BigAutoField"
