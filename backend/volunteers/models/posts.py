"""Offices in units."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.volunteers.models.people import Volunteer
from backend.volunteers.models.units import Unit


class Role(models.TextChoices):
    """What a post is for."""

    LEADER = "leader", _("Leader")
    DEPUTY = "deputy", _("Deputy")
    DISPATCHER = "dispatcher", _("Dispatcher")
    COMMANDER = "commander", _("Commander")
    MEMBER = "member", _("Member")


DISPATCHING_ROLES = (Role.LEADER, Role.DEPUTY, Role.DISPATCHER, Role.COMMANDER)
MANAGING_ROLES = (Role.LEADER, Role.DEPUTY, Role.COMMANDER)
"""Those who look after the people and units below them; a dispatcher sends them, and no more."""


class Post(models.Model):
    """An office in a unit, held for a time; grants flow from it to the unit's subtree."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=12, choices=Role.choices)
    seat = models.PositiveSmallIntegerField(help_text="the NN of CC-DD-BB-SSS-K-NN; the leader's is 01")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "seat"], condition=Q(until_at__isnull=True), name="post_seat_once"
            )
        ]

    @property
    def title(self) -> str:
        """The office and its unit, as the audit names it: `leader@0726040125`."""
        return f"{self.role}@{self.unit.number}"
