"""Template filters for numbers: in groups for readers, in digits for phones to dial."""

from django import template

from backend.lib.phones import dialled
from backend.volunteers.number_scheme import format_volunteer_number

register = template.Library()
register.filter(dialled)


@register.filter
def written(number: str) -> str:
    """Write eight digits as `2345 6781`."""
    return format_volunteer_number(int(number))
