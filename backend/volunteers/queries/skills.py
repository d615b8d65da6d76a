"""Reads the skills that tasks can ask for."""

from django.utils.translation import gettext, override

from backend.volunteers.models import Skill
from backend.volunteers.schemas.skills import SkillOut


def all_skills() -> list[SkillOut]:
    """Return every skill, service categories first. One query.

    A skill that an installation has added is called the same in both languages.
    """
    rows = list(Skill.objects.order_by("-is_category", "code"))
    with override("zh-hans"):
        return [
            SkillOut(
                code=row.code,
                is_category=row.is_category,
                names={"en": row.name, "zh-hans": gettext(row.name)},
            )
            for row in rows
        ]
