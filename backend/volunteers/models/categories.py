"""The kinds of service that volunteers do."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """The ten service categories; skills and tasks use the same codes."""

    RESCUE = "rescue", _("Emergency rescue")
    CITY = "city", _("City operation")
    CULTURE = "culture", _("Culture and education")
    CARE = "care", _("Care services")
    COMMUNITY = "community", _("Community services")
    ENVIRONMENT = "environment", _("Environment protection")
    HEALTHCARE = "healthcare", _("Healthcare")
    PSYCHOLOGY = "psychology", _("Psychological consultation")
    LEGAL = "legal", _("Legal aid")
    PATROL = "patrol", _("Patrol")
