"""How many people each unit has, kept up as they come, go and change duty."""

from django.db import models
from django.db.models import Q

from backend.volunteers.models.people import is_listed
from backend.volunteers.models.units import Unit


class UnitCount(models.Model):
    """The people whose primary unit this is, without those of the units below; a subtree is summed when it is read.

    Narrow rows with a copy of the unit's path: one aggregate over a range sums all 35,000 of a province. Counts may be
    wrong for a moment, and must not make an act fail: so there is no constraint that they be positive.
    """

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, primary_key=True, related_name="count")
    path = models.CharField(max_length=255)
    members = models.IntegerField(default=0)
    on_duty = models.IntegerField(default=0)
    reachable = models.IntegerField(default=0, help_text="members with a device that is signed in")
    counted_at = models.DateTimeField(
        null=True, help_text="when they were last counted from the memberships themselves"
    )

    class Meta:
        indexes = [models.Index(fields=["path"], name="unit_count_path", opclasses=["varchar_pattern_ops"])]


def counted(of: str = "") -> Q:
    """Return the condition on memberships of being counted: primary, of an open account, of a volunteer not retired.

    `of` leads from the rows asked for to the membership: `memberships__`.
    """
    return Q(**{f"{of}is_primary": True}) & is_listed(f"{of}volunteer__")
