"""A badge is good until its last day is over."""

from datetime import UTC, datetime, timedelta

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.badges.models import Badge
from backend.badges.queries import state_of
from backend.volunteers.models import Standing, Volunteer
from tests.conftest import Formation


@pytest.mark.parametrize("standing", Standing.values)
@pytest.mark.parametrize("revoked", [True, False])
@pytest.mark.parametrize("day", [-1, 0])
def test_lists_and_the_check_agree_on_which_badges_are_good(
    volunteer: User, formation: Formation, at: datetime, standing: str, revoked: bool, day: int
) -> None:
    Volunteer.objects.filter(user=volunteer).update(standing=standing)
    last_day = at.astimezone(UTC).date() + timedelta(days=day)
    badge = Badge.objects.create(
        pk=uuid7(),
        volunteer=volunteer.volunteer,
        unit=formation.squadron_a,
        issued_at=at,
        valid_until=last_day,
    )
    if revoked:
        badge.save(update_fields=badge.revoke(at=at, reason="lost"))
    badge = Badge.objects.select_related("volunteer__user").get(pk=badge.pk)

    is_good = state_of(badge, at=at) == "valid"
    assert is_good == (standing == "active" and not revoked and day == 0)
    assert Badge.objects.good(at).exists() == is_good
    assert Badge.objects.good_no_more(at).exists() == (day == 0 and not is_good)
