"""The template tag that shows what a partner shares with those above."""

from typing import Any

from django import template

from backend.partners.pages.sharing import sharing_card
from backend.partners.schemas import SharingOut
from backend.volunteers.models import Unit

register = template.Library()


@register.simple_tag(takes_context=True)
def sharing_of(context: dict[str, Any], unit: Unit) -> tuple[SharingOut, bool] | None:
    """Return what a partner shares, and whether the person who is signed in chooses it; None of other units."""
    return sharing_card(context["request"].user, unit)
