"""What the clock has deleted."""

from django.db import models


class RetentionRun(models.Model):
    """How much of one kind was deleted on one day (UTC), and when the clock last looked."""

    day = models.DateField()
    kind = models.CharField(max_length=40)
    deleted = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="retention_day_kind")]
