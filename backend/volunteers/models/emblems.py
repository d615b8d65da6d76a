"""Pictures by which units are known."""

from django.db import models

from backend.volunteers.models.units import Unit


class Emblem(models.Model):
    """A unit's emblem as it is shown: drawn anew from what was uploaded."""

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, primary_key=True, related_name="emblem")
    media_type = models.CharField(max_length=20)
    image = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the image, in hexadecimal")
    at = models.DateTimeField()
