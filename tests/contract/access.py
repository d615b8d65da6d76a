"""Whoever sees other topics, or is meant by other audiences, after an act has been named to the hubs by it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from backend.accounts.models import User
from backend.realtime.models import AccessChange
from backend.realtime.registry import Principal
from backend.volunteers.principals import forget_lines
from backend.volunteers.topics import principal_of_user, tags_of, topics_of

Seen = dict[int, tuple[frozenset[str], frozenset[str]]]


@contextmanager
def hubs_hear_of_access() -> Iterator[None]:
    """Check at the end that an access change names a topic of everybody for whom something has changed.

    Sockets of closed accounts are closed.
    """
    principals = [principal_of_user(user) for user in User.objects.select_related("volunteer").order_by("pk")]
    before, known = _seen(principals), set(AccessChange.objects.values_list("pk", flat=True))

    yield

    after = _seen(principals)
    named = set(AccessChange.objects.exclude(pk__in=known).values_list("topic", flat=True))
    closed = set(User.objects.filter(is_active=False).values_list("pk", flat=True))
    unheard = [
        (principal.person, before[principal.person], after[principal.person])
        for principal in principals
        if principal.user_id not in closed
        and before[principal.person] != after[principal.person]
        and not before[principal.person][0] & named
    ]
    assert unheard == []


def _seen(principals: list[Principal]) -> Seen:
    """Return people's own topics and tags, a moment from now: what an act has begun holds from its moment on."""
    forget_lines()
    tags = tags_of(principals, datetime.now(UTC) + timedelta(seconds=1))
    return {
        principal.person: (frozenset(topics), theirs)
        for principal, topics, theirs in zip(principals, topics_of(principals), tags, strict=True)
    }
