"""Registers the partners app."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "backend.partners"
    label = "partners"
    default_auto_field = "django.db.models.BigAutoField"
