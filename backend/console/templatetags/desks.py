"""The template tag that shows who is on the duty desk of a unit."""

from typing import Any

from django import template

from backend.desks.pages.desk import desk_card
from backend.desks.schemas import DeskOut
from backend.lib.clock import now
from backend.volunteers.models import Unit

register = template.Library()


@register.simple_tag(takes_context=True)
def desk_of(context: dict[str, Any], unit: Unit) -> DeskOut | None:
    """Return the desk of a unit for the person who is signed in; None where there is none to be seen."""
    return desk_card(context["request"].user, unit, at=now())
