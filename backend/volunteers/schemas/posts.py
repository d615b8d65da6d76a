"""What clients see and send of posts."""

from typing import Annotated

from pydantic import RootModel

from backend.lib.shapes import GIVEN, Instant, Request, Shape, VolunteerNumber
from backend.volunteers.models import Post, Role
from backend.volunteers.schemas.lives import Number


class PostIn(Request):
    """Give a person a post in a unit, from a moment (now) until another (for ever).

    `acting_for` is the id of the post whose holder a deputy stands in for: it needs `until`, and ends with that post.
    """

    volunteer: Number
    role: Role
    from_at: Instant | None = None
    until: Instant | None = None
    acting_for: Annotated[int, GIVEN] | None = None


class PostHeld(Shape):
    """A post in a unit and who holds it; the same again is the same post."""

    id: int
    unit: str
    role: Role
    seat: int
    volunteer: VolunteerNumber
    name: str
    from_at: Instant
    until: Instant | None
    acting_for: int | None

    @classmethod
    def of(cls, post: Post) -> "PostHeld":
        """Return the shape of a post that was read with its unit and volunteer."""
        return cls(
            id=post.pk,
            unit=post.unit.number,
            role=Role(post.role),
            seat=post.seat,
            volunteer=f"{post.volunteer.number:08d}",
            name=post.volunteer.name,
            from_at=post.from_at,
            until=post.until_at,
            acting_for=post.acting_for_id,
        )


class PostsHeld(RootModel[list[PostHeld]]):
    """The posts of a unit that are held now or will be, by seat."""
