"""Settings that contradict each other are told by `manage.py check`, and no server starts with them."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.config.checks import check_proxies, check_time, refuse_contradictions
from backend.lib.clock import Course
from backend.lib.proxies import read_proxies
from simulator.processes import ROOT, free_port, read_procfile

TLS = {
    "SESSION_COOKIE_SECURE": True,
    "CSRF_TRUSTED_ORIGINS": ["https://muster.example.org"],
    "PROXIES": read_proxies(["10.1.0.0/16"]),
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"PROXIES": read_proxies(["none"])}, []),
        ({"PROXIES": read_proxies([])}, ["muster.E002", "muster.E003"]),
        ({"PROXIES": read_proxies([]), "CSRF_TRUSTED_ORIGINS": []}, ["muster.E002"]),
        ({"PROXIES": read_proxies([]), "SESSION_COOKIE_SECURE": False}, ["muster.E003", "muster.W001"]),
        ({"PROXIES": read_proxies([]), "SESSION_COOKIE_SECURE": False, "CSRF_TRUSTED_ORIGINS": []}, []),
        ({"PROXIES": read_proxies(["0.0.0.0/0"])}, ["muster.E004"]),
        ({"PROXIES": read_proxies(["10.1.0.0/16", "::/0"])}, ["muster.E004"]),
        ({"SESSION_COOKIE_SECURE": False}, ["muster.W001"]),
    ],
)
def test_a_contradiction_is_named(settings: Any, changes: dict[str, object], told: list[str]) -> None:
    for name, value in {**TLS, **changes}.items():
        setattr(settings, name, value)

    assert [message.id for message in check_proxies()] == told
    if any("E" in id for id in told):
        with pytest.raises(ImproperlyConfigured):
            refuse_contradictions()
    else:
        refuse_contradictions()


def test_the_setting_of_before_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for value in ("true", "1", "false", ""):
        monkeypatch.setenv("BEHIND_PROXY", value)
        told.append([message.id for message in check_proxies()])

    assert told == [["muster.E001"], ["muster.E001"], [], []]


@pytest.mark.parametrize("process", ["web", "sockets"])
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"SECURE_COOKIES": "true"}, "no proxy is trusted"),
        ({"BEHIND_PROXY": "true"}, "BEHIND_PROXY is gone"),
        ({"PROXIES": "0.0.0.0/0"}, "every client there"),
        ({"PROXIES": "my-proxy"}, "is no network"),
    ],
)
def test_no_server_starts_with_one(process: str, setting: dict[str, str], words: str) -> None:
    environment = {
        "SECRET_KEY": "only-for-tests-" + "0" * 40,
        "DATABASE_URL": "sqlite://:memory:",
        "REDIS_URL": "",
        "PORT": str(free_port()),
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
    }
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {read_procfile()[process]}"],
        cwd=ROOT,
        env={**environment, **setting},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.returncode != 0
    assert words in done.stderr


COURSE = Course(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC), 60)


@pytest.mark.parametrize(
    ("course", "is_rehearsal", "needs_tls", "told"),
    [
        (None, False, True, []),
        (COURSE, False, True, ["muster.E005"]),
        (COURSE, False, False, ["muster.E005"]),
        (COURSE, True, True, ["muster.E006"]),
        (None, True, True, ["muster.E006"]),
        (COURSE, True, False, []),
    ],
)
def test_time_is_set_in_a_rehearsal_alone(
    settings: Any, course: Course | None, *, is_rehearsal: bool, needs_tls: bool, told: list[str]
) -> None:
    settings.CLOCK, settings.REHEARSAL, settings.SESSION_COOKIE_SECURE = course, is_rehearsal, needs_tls

    assert [message.id for message in check_time()] == told
