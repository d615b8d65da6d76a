"""Grants: what a rule answers to the question whether a user may, with the post that allows it."""

from dataclasses import dataclass

from backend.volunteers.models import Post


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer of a rule: true where the act is allowed, by `post` or as one's own."""

    post: Post | None = None
    is_own: bool = False

    def __bool__(self) -> bool:
        return self.is_own or self.post is not None

    @property
    def title(self) -> str:
        """The post's title for the record (`leader@0726040125`); empty for an act of one's own."""
        return self.post.title if self.post else ""

    @property
    def is_acting(self) -> bool:
        """Whether the post stands in for another: what is given by it ends with it."""
        return self.post is not None and self.post.is_acting


OWN = Grant(is_own=True)
"""For acts upon oneself, and of operators on the command line: no post is asked for."""
DENIED = Grant()
