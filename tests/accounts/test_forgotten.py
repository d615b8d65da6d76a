"""The database was put back: phones that have renewed or signed in since are no thieves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import DeviceIn, Tokens
from backend.accounts.services.devices import refresh_tokens, revoke_device, sign_in
from backend.audit.models import Entry
from backend.lib.errors import NotAllowed, NotSignedIn
from backend.realtime.log import epochs
from backend.realtime.registry import Credentials
from backend.volunteers.topics import authenticate

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test have its own present: tokens are good for a quarter of an hour, a whole run takes longer."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def renew(tokens: Tokens, minutes_ago: float) -> Tokens:
    return refresh_tokens(refresh=tokens.refresh, at=ago(minutes_ago))


def shown(refresh: str) -> Any:
    return APIClient().post("/api/v1/token/refresh", {"refresh": refresh}, format="json")


def put_back(backup: dict[str, Any], begun_at: datetime | None = None) -> None:
    Device.objects.filter(pk=backup["id"]).update(**backup)
    epochs.begin(instead_of=epochs.current(), why=epochs.ASKED, at=begun_at or NOW)


def saved() -> dict[str, Any]:
    return dict(Device.objects.values().get())


@dataclass
class Story:
    """A phone that renewed before the backup and twice after it."""

    first: Tokens
    at_backup: Tokens
    since: Tokens
    last: Tokens
    backup: dict[str, Any]


@pytest.fixture
def story(volunteer: User) -> Story:
    first = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=ago(60)).tokens
    before = renew(first, 50)
    at_backup = renew(before, 40)
    backup = saved()
    since = renew(at_backup, 30)
    return Story(first, at_backup, since, renew(since, 12), backup)


def test_a_phone_that_renewed_since_the_backup_goes_on(story: Story) -> None:
    put_back(story.backup)

    answer = shown(story.last.refresh)

    assert answer.status_code == 200
    assert shown(story.last.refresh).json()["access"]  # the answer may have been lost
    assert shown(answer.json()["refresh"]).status_code == 200
    assert Device.objects.get().revoked_at is None
    assert Entry.objects.filter(act="device.recognised").count() == 1


def test_what_was_spent_before_the_backup_is_theft_after_it_too(story: Story) -> None:
    put_back(story.backup)

    assert shown(story.first.refresh).json()["because"] == "old_token"


def test_what_is_younger_than_the_epoch_is_not_forgotten(story: Story) -> None:
    put_back(story.backup, begun_at=ago(20))

    assert shown(story.last.refresh).json()["because"] == "old_token"


def test_one_token_is_forgiven_and_not_two(story: Story) -> None:
    put_back(story.backup)

    assert shown(story.last.refresh).status_code == 200
    assert shown(story.since.refresh).json()["because"] == "old_token"


def test_a_phone_that_had_never_renewed_goes_on(volunteer: User) -> None:
    first = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=ago(60)).tokens
    backup = saved()
    last = renew(renew(first, 50), 40)
    put_back(backup)

    assert shown(last.refresh).status_code == 200


def test_a_renewal_in_the_second_of_the_rows_last_one_is_theft(story: Story) -> None:
    put_back({**story.backup, "rotated_at": ago(12)})

    assert shown(story.last.refresh).json()["because"] == "old_token"


def test_a_forgotten_sign_in_ends_without_a_theft(volunteer: User, story: Story) -> None:
    anew = sign_in(user=volunteer, device=DeviceIn(id=story.backup["id"]), at=ago(10)).tokens
    other = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=ago(10)).tokens
    Device.objects.exclude(pk=story.backup["id"]).delete()
    put_back(story.backup)

    for tokens in (anew, other):
        answer = shown(tokens.refresh)
        assert (answer.status_code, answer.json().get("because")) == (401, None)
        (refusal,) = authenticate([Credentials(tokens.access)], NOW)
        assert isinstance(refusal, NotSignedIn)  # 4401: the app keeps what it has not sent
    assert shown(story.at_backup.refresh).status_code == 200


def test_an_ended_sign_in_is_told_so_after_a_restore_too(volunteer: User, story: Story) -> None:
    revoke_device(device_id=story.backup["id"], by=volunteer, at=ago(5))
    epochs.begin(instead_of=epochs.current(), why=epochs.ASKED, at=NOW)

    (refusal,) = authenticate([Credentials(story.last.access)], NOW)

    assert isinstance(refusal, NotAllowed)
    assert shown(story.last.refresh).json()["because"] == "owner"
