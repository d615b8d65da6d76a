"""What clients see of skills."""

from pydantic import RootModel

from backend.lib.shapes import Shape
from backend.volunteers.schemas.me import LanguageName


class SkillOut(Shape):
    """A skill by its code: a service category, or a qualification; `names` are by language."""

    code: str
    is_category: bool
    names: dict[LanguageName, str]


class Skills(RootModel[list[SkillOut]]):
    """Every skill."""
