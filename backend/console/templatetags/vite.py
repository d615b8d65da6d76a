"""The template tag that includes what Vite built."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backend.console import assets

register = template.Library()


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Include an entry: its style sheets, its script, and preloads of the imported scripts."""
    styles = format_html_join(
        "\n", '<link rel="stylesheet" href="{}">', ((a,) for a in assets.stylesheets(entry))
    )
    ahead = format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((a,) for a in assets.preloads(entry))
    )
    address = assets.script(entry)
    script = format_html('<script type="module" src="{}"></script>', address) if address else ""
    return format_html("{}\n{}\n{}", styles, ahead, script)


@register.simple_tag
def as_written(entry: str) -> SafeString:
    """Include a script for browsers without modules."""
    address = assets.script(entry)
    return format_html('<script defer src="{}"></script>', address) if address else SafeString()
