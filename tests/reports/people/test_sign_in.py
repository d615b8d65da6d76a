"""What people typed to sign in, who had come in by one form of their phone."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.volunteers import services
from tests.conftest import PASSWORD, Formation

FILES = sorted((Path(__file__).parent / "sign_in").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_phone_signs_in_as_people_type_it(path: Path, formation: Formation, at: datetime) -> None:
    (report,) = json.loads(path.read_text())
    person = services.create_volunteer(
        name="王芳", phone=report["phone"], password=PASSWORD, units=[formation.squadron_a], by=None, at=at
    )

    def who(typed: str) -> str | None:
        device = {"id": str(uuid7())}
        body = {"identifier": typed, "password": PASSWORD, "device": device}
        answer = APIClient().post("/api/v1/sign-in", body, format="json")
        return str(answer.json()["me"]["number"]) if answer.status_code == 200 else None

    assert {typed: who(typed) for typed in report["typed"]} == dict.fromkeys(
        report["typed"], f"{person.number:08d}"
    )
    assert {typed: who(typed) for typed in report["others"]} == dict.fromkeys(report["others"])
    assert User.objects.get(volunteer=person).phone == report["phone"]
