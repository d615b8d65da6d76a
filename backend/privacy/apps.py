"""Registers the privacy app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "backend.privacy"
    label = "privacy"
    default_auto_field = "django.db.models.BigAutoField"
