"""Operators look after the installation; they are made on its machine, not over the network."""

from datetime import datetime

from django.db import transaction

from backend.accounts import hooks
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import User
from backend.audit.services import record
from backend.lib.errors import NotFound


@transaction.atomic
def name_operator(*, account: User, is_operator: bool, at: datetime) -> bool:
    """Make a person an operator, or end that; returns whether it changed anything. Locks the account.

    Raises NotFound for an account that is closed.
    """
    user = accounts_to_lock().get(pk=account.pk)
    if is_operator and not user.is_active:
        raise NotFound
    if user.is_staff == is_operator:
        return False
    user.is_staff = is_operator
    user.save(update_fields=["is_staff"])
    act = "operator.named" if is_operator else "operator.dismissed"
    record(act, subject=f"user.{user.pk}", by=None, at=at, number=hooks.number_of(account))
    return True
