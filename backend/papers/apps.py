"""Registers the papers app."""

from django.apps import AppConfig


class PapersConfig(AppConfig):
    name = "backend.papers"
    label = "papers"
    default_auto_field = "django.db.models.BigAutoField"
