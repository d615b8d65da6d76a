"""Invents people for demonstrations and load tests, the same ones each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from backend.volunteers.models import Category, Role, Unit, UnitKind

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹"
    "曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜"
)
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文"
    "志海燕春梅晓东建军丽华小红国强永根阿仙雪琴仁昌美珍"
)
_CATEGORIES = {
    Category.PATROL.value: 50,
    Category.COMMUNITY.value: 40,
    Category.ENVIRONMENT.value: 25,
    Category.CARE.value: 20,
    Category.CITY.value: 15,
    Category.CULTURE.value: 12,
    Category.RESCUE.value: 10,
    Category.HEALTHCARE.value: 8,
    Category.PSYCHOLOGY.value: 3,
    Category.LEGAL.value: 2,
}
_QUALIFICATIONS = {"first-aid": 0.15, "radio": 0.08, "drone": 0.02, "boat": 0.015}
_MINORS = 0.03


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person. The phone begins with 100, as no mobile phone does: a call by mistake reaches no person."""

    phone: str
    name: str
    age: timedelta
    unit: Unit
    role: Role | None
    skills: tuple[str, ...]
    luck: float

    def born_on(self, today: date) -> date:
        """Return the date of birth."""
        return today - self.age


def staff(line: Sequence[Unit], detachment: Unit, brigades: Sequence[Unit]) -> list[Person]:
    """Return leaders for headquarters down to the brigades, and the commander of the detachment."""
    offices = [(unit, Role.LEADER) for unit in line] + [(detachment, Role.COMMANDER)]
    offices += [(unit, Role.LEADER) for unit in brigades]
    return [_person(f"1000{n:07d}", unit, role) for n, (unit, role) in enumerate(offices, start=1)]


def members(squadrons: Sequence[Unit], count: int) -> list[Person]:
    """Return `count` people spread evenly over squadrons; the first of each leads it."""
    return [
        _person(
            f"1001{n + 1:07d}", squadrons[n % len(squadrons)], Role.LEADER if n < len(squadrons) else None
        )
        for n in range(count)
    ]


def _person(phone: str, unit: Unit, role: Role | None) -> Person:
    random = Random(phone)
    years = random.randint(14, 17) if role is None and random.random() < _MINORS else random.randint(19, 74)
    wanted = random.choices(list(_CATEGORIES), weights=list(_CATEGORIES.values()), k=random.randint(1, 3))
    held = [code for code, share in _QUALIFICATIONS.items() if random.random() < share]
    return Person(
        phone=phone,
        name=random.choice(_SURNAMES) + "".join(random.choices(_GIVEN, k=random.choice((1, 2, 2)))),
        age=timedelta(days=round(years * 365.25) + random.randint(1, 300)),
        unit=unit,
        role=role,
        skills=tuple(dict.fromkeys([*wanted, *held])),
        luck=0.0 if unit.kind != UnitKind.SQUADRON else random.random(),
    )
