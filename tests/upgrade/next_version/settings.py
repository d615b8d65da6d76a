"""The settings of the next version: those of the present one, and more migrations."""

from backend.config.settings import *  # noqa: F403

MIGRATION_MODULES = {"dispatch": "tests.upgrade.next_version.migrations"}
