"""Numbers that units have in hand, and people who came to help without one."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from backend.accounts.models import User
from backend.volunteers.models.people import Volunteer
from backend.volunteers.models.units import Unit


class NumberBlockQuerySet(models.QuerySet["NumberBlock"]):
    """Blocks, by whether their numbers can be given."""

    def open_(self) -> Self:
        """Return those that were not returned."""
        return self.filter(returned_at=None)

    def open_since(self, moment: datetime) -> Self:
        """Return those that are open, or were after a moment."""
        return self.filter(Q(returned_at=None) | Q(returned_at__gt=moment))


class NumberBlock(models.Model):
    """Numbers for life that were handed to a unit, for days when people are registered without a network.

    A range of the counter's indexes: the numbers are worked out from it. What was not used when the block is returned
    is void, and never issued again.
    """

    id = models.UUIDField(primary_key=True, help_text="UUIDv7, made by the client")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="number_blocks")
    first_index = models.PositiveIntegerField(unique=True)
    indexes = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="how many of the indexes stand for a number")
    used = models.PositiveIntegerField(default=0, help_text="how many people were registered with one")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)

    objects = NumberBlockQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["unit", "made_at"], name="number_block_of")]

    @property
    def end_index(self) -> int:
        """The first index after the block."""
        return self.first_index + self.indexes

    def holds(self, index: int) -> bool:
        """Tell whether an index of the counter lies in this block."""
        return self.first_index <= index < self.end_index

    def take_back(self, *, at: datetime) -> list[str]:
        """Let the numbers that no person got be void; returns the columns to save."""
        self.returned_at = at
        return ["returned_at"]


class WalkIn(models.Model):
    """A person who came to help without a number, registered on the spot with a temporary one."""

    id = models.UUIDField(
        primary_key=True, help_text="UUIDv7, made by the client: a retry registers no person twice"
    )
    volunteer = models.OneToOneField(Volunteer, on_delete=models.CASCADE, related_name="walk_in")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
