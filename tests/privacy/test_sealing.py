"""Everything that is sealed is sealed anew under the newest key, also after an interruption."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.models import SecondFactor, User
from backend.lib.encryption import KeyMissing, seal
from backend.privacy.sealed_columns import sealed_columns
from backend.privacy.services import sealing as keys
from backend.volunteers.models import Guardian
from tests.builders import GuardianFactory
from tests.conftest import MakeVolunteer

OLD, NEW = b"o" * 32, b"n" * 32


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


@pytest.fixture
def phones(settings: Any, make_volunteer: MakeVolunteer, at: Any) -> dict[int, str]:
    """Three people and a guardian whose phones an old key seals; the settings have a newer one since."""
    settings.FIELD_KEYS = {"old": OLD}
    people = [make_volunteer(None) for _ in range(3)]
    GuardianFactory.create(volunteer=people[0], phone_sealed=seal("13900000000", "phone"), consent_at=at)
    settings.FIELD_KEYS = {"new": NEW, "old": OLD}
    return {person.user_id: person.user.phone for person in people}


def test_sealed_columns_are_found_by_their_name() -> None:
    found = {column.name: column.kind for column in sealed_columns()}

    assert found.items() >= {"User.phone_sealed": "phone", "Guardian.phone_sealed": "phone"}.items()


def test_rotation_seals_everything_anew_and_says_which_key_may_go(
    phones: dict[int, str], settings: Any
) -> None:
    said = rotate()

    settings.FIELD_KEYS = {"new": NEW}
    assert {user.pk: user.phone for user in User.objects.filter(pk__in=phones)} == phones
    assert Guardian.objects.get().phone == "13900000000"
    assert "User.phone_sealed: 3 of 3 sealed anew." in said
    assert "Key 'old' seals 0 texts: it may go." in said


def test_rotation_goes_on_after_an_interruption(
    phones: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    column = next(column for column in sealed_columns() if column.name == "User.phone_sealed")
    assert next(keys.reseal(column)) == 2

    assert keys.outdated(column) == 1
    assert "User.phone_sealed: 1 of 1 sealed anew." in rotate()
    assert "User.phone_sealed: 0 of 0 sealed anew." in rotate()
    assert {user.pk: user.phone for user in User.objects.filter(pk__in=phones)} == phones


def test_rotation_without_an_old_key_fails_and_changes_nothing(phones: dict[int, str], settings: Any) -> None:
    settings.FIELD_KEYS = {"new": NEW}

    with pytest.raises(CommandError, match="'old'"):
        rotate()
    with pytest.raises(KeyMissing):
        _ = User.objects.get(pk=min(phones)).phone
    settings.FIELD_KEYS = {"new": NEW, "old": OLD}
    assert User.objects.get(pk=min(phones)).phone == phones[min(phones)]


def test_rotation_seals_what_authenticators_share_with_us_too(
    phones: dict[int, str], settings: Any, at: Any
) -> None:
    settings.FIELD_KEYS = {"old": OLD}
    factor = SecondFactor(user_id=min(phones), made_at=at)
    factor.secret = "JBSWY3DPEHPK3PXP"
    factor.save()
    settings.FIELD_KEYS = {"new": NEW, "old": OLD}

    rotate()

    settings.FIELD_KEYS = {"new": NEW}
    assert SecondFactor.objects.get().secret == "JBSWY3DPEHPK3PXP"
