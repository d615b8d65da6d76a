"""The apps of Django that the settings configure: its admin, and the clock of a rehearsal."""

from django.conf import settings
from django.contrib.admin.apps import AdminConfig

from backend.lib.clock import follow


class OperatorAdmin(AdminConfig):
    """Django's admin as the operators' site."""

    default_site = "backend.console.operators.OperatorSite"
    default = False

    def ready(self) -> None:
        """Register the checks of the settings, and start the clock of a rehearsal if they set one."""
        super().ready()
        follow(settings.CLOCK)
        from backend.config import checks  # noqa: F401  # Django's checks need its apps
