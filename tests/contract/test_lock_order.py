"""The watch over the order of locks sees an act that breaks it, and lets the others pass."""

import pytest
from django.db import transaction

from backend.volunteers.locks import units_to_lock, volunteers_to_lock
from tests import lock_order

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def test_units_before_volunteers_are_a_breach() -> None:
    with transaction.atomic():
        list(units_to_lock())
        list(volunteers_to_lock())

    (breach,) = lock_order.breaches
    lock_order.breaches.clear()
    assert breach.endswith("volunteers_volunteer is locked after volunteers_unit")


def test_order_holds_within_one_act_alone() -> None:
    with transaction.atomic():
        list(volunteers_to_lock())
        list(units_to_lock())
    with transaction.atomic():
        list(volunteers_to_lock())

    assert lock_order.breaches == []


@pytest.mark.django_db(transaction=True)
def test_what_follows_from_a_commit_is_an_act_of_its_own() -> None:
    def follow() -> None:
        with transaction.atomic():
            list(volunteers_to_lock())

    with transaction.atomic():
        list(units_to_lock())
        transaction.on_commit(follow)

    assert lock_order.breaches == []
