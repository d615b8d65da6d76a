"""What pages say where several of them have to say the same."""

from math import ceil

from django.utils.translation import gettext as _

from backend.lib.errors import TooMany


def too_many_words(refusal: TooMany) -> str:
    """Return how long to wait, in the language of the page."""
    minutes = ceil(refusal.retry_after_s / 60)
    return _("Too many attempts. Wait %(minutes)s min, then try again.") % {"minutes": minutes}
