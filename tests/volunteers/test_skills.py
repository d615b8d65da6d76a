"""The list of skills."""

import re
from collections.abc import Callable

import pytest

from backend.accounts.models import User
from backend.volunteers.models import Skill
from tests.conftest import SignedInClient

pytestmark = pytest.mark.django_db


def test_skills_are_listed_with_names_in_both_languages(
    volunteer: User, client_of: Callable[[User], SignedInClient]
) -> None:
    Skill.objects.create(code="alpine", name="Alpine rescue")

    listed = client_of(volunteer).get("/api/v1/skills").json()

    assert [one["is_category"] for one in listed] == sorted(
        (one["is_category"] for one in listed), reverse=True
    )
    by_code = {one["code"]: one["names"] for one in listed}
    assert set(by_code) == set(Skill.objects.values_list("code", flat=True))
    assert by_code["rescue"] == {"en": "Emergency rescue", "zh-hans": "应急救援"}
    assert by_code["alpine"] == {"en": "Alpine rescue", "zh-hans": "Alpine rescue"}
    assert all(re.search("[一-鿿]", names["zh-hans"]) for code, names in by_code.items() if code != "alpine")
