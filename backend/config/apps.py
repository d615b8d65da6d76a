"""Which site Django's admin is."""

from django.contrib.admin.apps import AdminConfig


class OperatorAdmin(AdminConfig):
    """Django's admin as the operators' site."""

    default_site = "backend.console.operators.OperatorSite"
    default = False
