"""Registers the joining app."""

from django.apps import AppConfig


class JoiningConfig(AppConfig):
    name = "backend.joining"
    label = "joining"
    default_auto_field = "django.db.models.BigAutoField"
