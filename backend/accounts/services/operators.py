"""Operators look after the installation; they are made on its machine, not over the network."""

from datetime import datetime

from django.db import transaction

from backend.accounts import hooks
from backend.accounts.acting import acting
from backend.accounts.acts import Acts
from backend.accounts.locks import accounts_to_lock
from backend.accounts.models import User
from backend.accounts.services.devices import end_easy_sign_ins
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
    name = Acts.OPERATOR_NAMED if is_operator else Acts.OPERATOR_DISMISSED
    with acting(by=None, at=at) as act:
        if is_operator:
            end_easy_sign_ins(user, act=act)
        act.record(name, f"user.{user.pk}", number=hooks.number_of(account))
    return True
