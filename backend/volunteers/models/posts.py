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
RANKS = {Role.MEMBER: 0, Role.DISPATCHER: 1, Role.DEPUTY: 2, Role.LEADER: 3, Role.COMMANDER: 4}
"""The order of roles: nobody gives, or takes away, more than their own."""


def roles_from(role: str) -> list[Role]:
    """Return the roles that look after people and rank no lower than this one: who may give it."""
    return [other for other in MANAGING_ROLES if RANKS[other] >= RANKS[Role(role)]]


class Post(models.Model):
    """An office in a unit, held for a time; grants flow from it to the unit's subtree."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=12, choices=Role.choices)
    seat = models.PositiveIntegerField(help_text="the NN of CC-DD-BB-SSS-K-NN; the leader's is 01")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    acting_for = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="acting",
        help_text="the post whose holder this deputy stands in for, no longer than that lasts",
    )
    given_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="gave",
        help_text="the post by which it was given; null: none, on the command line",
    )
    is_acting = models.BooleanField(
        default=False,
        help_text="stands in for a holder, or was given by a post that does: it ends with that",
    )

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
