"""Which site Django's admin is."""

from django.contrib.admin.apps import AdminConfig


class OperatorAdmin(AdminConfig):
    """Django's admin as the operators' site."""

    default_site = "backend.console.operators.OperatorSite"
    default = False

    def ready(self) -> None:
        """Register the checks of the settings."""
        super().ready()
        from backend.config import checks  # noqa: F401  # Django's checks need its apps
