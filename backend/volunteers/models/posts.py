"""Offices in units."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.volunteers.models.people import Volunteer, in_service
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
"""Roles that look after the people and units below them; a dispatcher sends people, and no more."""
RANKS = {Role.MEMBER: 0, Role.DISPATCHER: 1, Role.DEPUTY: 2, Role.LEADER: 3, Role.COMMANDER: 4}
"""The order of roles: a caller gives, or takes away, no role above the caller's own."""


def roles_from(role: str) -> list[Role]:
    """Return the roles that may give this one: they look after people, and rank no lower."""
    return [other for other in MANAGING_ROLES if RANKS[other] >= RANKS[Role(role)]]


HELD_SQL = "p.from_at <= %s AND (p.until_at IS NULL OR p.until_at > %s)"
"""What `PostQuerySet.current` says, for statements that are written by hand; `at` is given twice."""


class PostQuerySet(models.QuerySet["Post"]):
    """Posts, by when they are held and what they are for: from `from_at` until `until_at`, and not at that moment."""

    def current(self, at: datetime) -> Self:
        return self.lasting(at).filter(from_at__lte=at)

    def lasting(self, at: datetime) -> Self:
        """Return those that are held, or will be."""
        return self.filter(Q(until_at=None) | Q(until_at__gt=at))

    def lasting_until(self, moment: datetime | None) -> Self:
        """Return those that are held up to a moment at least; None: without an end."""
        return self.filter(Q(until_at=None) | Q(until_at__gte=moment) if moment else Q(until_at=None))

    def in_force(self, at: datetime) -> Self:
        """Return those that are held by volunteers in service: posts rest while their holders are suspended."""
        return self.current(at).filter(in_service("volunteer__"))

    def dispatching(self) -> Self:
        """Return those that send the people of their unit and below."""
        return self.filter(role__in=DISPATCHING_ROLES)

    def managing(self) -> Self:
        """Return those that look after the people and units below them."""
        return self.filter(role__in=MANAGING_ROLES)


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

    objects = PostQuerySet.as_manager()

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

    def end(self, *, at: datetime) -> list[str]:
        """End the post; one that has not begun never does. Returns the columns to save."""
        self.until_at = max(at, self.from_at)
        return ["until_at"]
