"""Pages sign in and out with a session that stands on a device."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from backend.accounts.models import Device, User
from backend.accounts.services.devices import revoke_device
from backend.accounts.signin import page_sign_in_required, sign_in_page, sign_out_page
from backend.accounts.user_agents import browser_name
from backend.lib.phones import canonical
from backend.realtime.models import Revocation
from backend.volunteers.models import Volunteer


@pytest.fixture
def page(rf: RequestFactory, volunteer: User, at: datetime) -> HttpRequest:
    """Make the request of a browser that has just signed in."""
    request = rf.get("/me/?tab=1", headers={"User-Agent": "Firefox"})
    request.session = SessionStore()
    request.user = volunteer
    sign_in_page(request=request, user=volunteer, at=at)
    return request


@page_sign_in_required
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.volunteer.number))  # type: ignore[union-attr]


def test_page_signs_in_with_a_device_of_its_own(page: HttpRequest, volunteer: User) -> None:
    device = Device.objects.get(user=volunteer)

    assert page.session["device"] == str(device.pk)
    assert (device.platform, device.name) == ("web", "Firefox")
    answer: Any = view(page)
    assert answer.content.decode() == str(volunteer.volunteer.number)


def test_page_sign_out_ends_session_device_and_duty(page: HttpRequest, volunteer: User, at: datetime) -> None:
    sign_out_page(request=page, at=at)

    assert "device" not in page.session
    assert Device.objects.get().revoked_at == at
    assert Revocation.objects.count() == 1
    assert not Volunteer.objects.get(user=volunteer).is_on_duty(at)


def test_page_of_a_revoked_device_is_sent_to_sign_in(
    page: HttpRequest, volunteer: User, at: datetime
) -> None:
    revoke_device(device_id=Device.objects.get().pk, by=volunteer, at=at)

    answer: Any = view(page)

    assert answer.status_code == 302
    assert answer.url.endswith("?next=/me/%3Ftab%3D1")
    sign_out_page(request=page, at=at)  # still possible
    assert "device" not in page.session


def test_page_keeps_the_name_of_its_browser_short(rf: RequestFactory, volunteer: User, at: datetime) -> None:
    request = rf.get("/", headers={"User-Agent": "x" * 500})
    request.session, request.user = SessionStore(), AnonymousUser()

    sign_in_page(request=request, user=volunteer, at=at)

    assert len(Device.objects.get().name) == 80


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("2345 6781", "23456781"),
        ("+86 138-0000-0001", "13800000001"),
        ("008613800000001", "13800000001"),
        ("+8523456781", "+8523456781"),
    ],
)
def test_identifiers_are_compared_without_how_they_are_written(written: str, compared: str) -> None:
    assert canonical(written) == compared


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/116.0 MicroMessenger/8.0.49", "WeChat, Android"),
        ("curl/8.7", "curl/8.7"),
    ],
)
def test_browsers_are_named_as_people_know_them(sent: str, shown: str) -> None:
    assert browser_name(sent) == shown
