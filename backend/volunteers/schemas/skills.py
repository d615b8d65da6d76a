"""What clients see of skills."""

from typing import Literal

from pydantic import RootModel

from backend.lib.wire import Shape


class SkillOut(Shape):
    """A skill by its code: a service category, or a qualification; `names` are by language."""

    code: str
    is_category: bool
    names: dict[Literal["en", "zh-hans"], str]


class Skills(RootModel[list[SkillOut]]):
    """Every skill."""
