"""Names the post that allows an act."""

from backend.lib.errors import required
from backend.volunteers.models import Post


def allowed_by(post: Post | None) -> str:
    """Return the post's title for the record (`leader@0726040125`). Raises NotFound: without a post there is no act."""
    return required(post).title
