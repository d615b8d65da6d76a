"""What people see of themselves."""

from typing import Literal

from typing_extensions import TypeAliasType

from backend.lib.shapes import Instant, Request, Shape, VolunteerNumber
from backend.volunteers.models import Role
from backend.volunteers.schemas.lives import MembershipOut, StandingOut
from backend.volunteers.schemas.units import UnitOut

LanguageName = TypeAliasType("LanguageName", Literal["en", "zh-hans"])


class PostOut(Shape):
    """An office that a volunteer holds."""

    unit: UnitOut
    role: Role
    seat: int


DutyReason = TypeAliasType(
    "DutyReason", Literal["asked", "signed_out", "too_long", "suspended", "retired", "consent"]
)
"""Why a duty changed: asked for, the last device signed out, its end was reached, or what a leader or a consent did."""


class DutyOut(Shape):
    """Whether a volunteer is on duty, and until when at the latest.

    `tracked` tells whether positions are taken now: on duty, or off duty on an accepted task around its time; not from
    a person who has not agreed to it, unless a task names its legal basis.
    """

    on: bool
    until: Instant | None
    tracked: bool


class Me(Shape):
    """The signed-in volunteer. `may_dispatch` names the topmost units that this person's posts cover.

    Who is not `active` cannot go on duty or accept; posts rest meanwhile.
    """

    number: VolunteerNumber
    name: str
    phone: str
    language: Literal[""] | LanguageName
    duty: DutyOut
    units: list[UnitOut]
    posts: list[PostOut]
    skills: list[str]
    may_dispatch: list[UnitOut]
    standing: StandingOut
    memberships: list[MembershipOut]


class DutyIn(Request):
    """Go on or off duty. `until` may shorten the maximum length, never lengthen it."""

    on: bool
    until: Instant | None = None


class LanguageIn(Request):
    """The language that pages and notifications speak to this person."""

    language: LanguageName
