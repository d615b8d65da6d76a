"""Which site Django's admin is."""

from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from backend.lib.clock import follow


class OperatorAdmin(AdminConfig):
    """Django's admin as the operators' site."""

    default_site = "backend.console.operators.OperatorSite"
    default = False

    def ready(self) -> None:
        """Register the checks of the settings, and let time run as they say."""
        super().ready()
        follow(settings.CLOCK)
        from backend.config import checks  # noqa: F401  # Django's checks need its apps
