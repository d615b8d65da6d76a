"""The formation: a tree of units."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node


class UnitKind(models.TextChoices):
    """The four levels of the formation under headquarters, and partners' teams beside them."""

    HEADQUARTERS = "headquarters", _("Headquarters")
    CORPS = "corps", _("Corps")
    DETACHMENT = "detachment", _("Detachment")
    BRIGADE = "brigade", _("Brigade")
    SQUADRON = "squadron", _("Squadron")
    PARTNER = "partner", _("Partner organisation")


def not_retired(of: str = "") -> Q:
    """Return the condition on units of being there still: a retired one stays for its number's sake.

    `of` leads from the rows asked for to the unit: `through__unit__`.
    """
    return Q(**{f"{of}retired_at": None})


class Unit(MP_Node):
    """A node of the formation; `path` (materialised) makes a subtree one indexed range."""

    kind = models.CharField(max_length=20, choices=UnitKind.choices)
    number = models.CharField(max_length=10, unique=True, help_text="CCDDBBSSS and its check character")
    official_name = models.CharField(max_length=120)
    display_name = models.CharField(max_length=120)
    brand_name = models.CharField(max_length=120, blank=True)
    division_code = models.CharField(max_length=12, null=True, blank=True, unique=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    partner_kind = models.CharField(max_length=20, blank=True, help_text="what the release can read of it")
    partner_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    closed_depth = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="how deep the partner stands, at or above, that keeps its people to itself; 0: none",
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
        help_text="who answers to the number of a unit that is no more",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, successor__isnull=True)
                | Q(retired_at__isnull=False, successor__isnull=False),
                name="unit_retires_with_successor",
            )
        ]
        indexes = [
            models.Index(fields=["path"], condition=Q(retired_at__isnull=False), name="unit_retired"),
            models.Index(fields=["path"], condition=Q(closed_depth__gt=0), name="unit_closed"),
        ]

    @property
    def kind_of_partner(self) -> str:
        """The code of what a partner is (`partners.queries.kinds`)."""
        return self.partner_code or self.partner_kind

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None

    def retire(self, *, at: datetime, successor: "Unit") -> list[str]:
        """End the unit: another one answers to its number. Returns the columns to save."""
        self.retired_at, self.successor = at, successor
        return ["retired_at", "successor"]

    @property
    def level(self) -> int:
        """0 headquarters … 4 squadron."""
        return int(self.depth) - 1

    @property
    def topic(self) -> str:
        """The topic of this unit: all people in it and below are joined to it."""
        return f"unit.{self.number}"

    @property
    def line(self) -> list[str]:
        """The paths from the root down to this unit, itself included."""
        return line_to(self.path)

    @property
    def line_inside(self) -> list[str]:
        """The paths of the units whose posts see its people: its line, within a partner that keeps them to itself."""
        return self.line[max(self.closed_depth - 1, 0) :]


def line_to(path: str) -> list[str]:
    """Return the paths from the root down to a path, itself included."""
    return [path[:end] for end in range(Unit.steplen, len(path) + 1, Unit.steplen)]


def shows(above: str, path: str, closed_depth: int) -> bool:
    """Tell whether posts in the unit at `above` see the people of the one at `path`, by its `closed_depth`."""
    return path.startswith(above) and closed_depth * Unit.steplen <= len(above)
