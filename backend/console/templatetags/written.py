"""The template filter that writes volunteer numbers as people read them."""

from django import template

from backend.lib.checkdigit import format_volunteer_number

register = template.Library()


@register.filter
def written(number: str) -> str:
    """Write eight digits as `2345 6781`."""
    return format_volunteer_number(int(number))
