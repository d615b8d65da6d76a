"""Who holds a socket, which topics are theirs, whom they may watch."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import F
from django.utils.crypto import constant_time_compare

from backend.lib.api import now
from backend.lib.errors import NotAllowed, NotSignedIn
from backend.realtime.among import Among
from backend.realtime.registry import (
    Credentials,
    Principal,
    Tracked,
    Window,
    authenticator,
    own_topics,
    principal_of,
    snapshot,
    topic,
    tracked_earlier,
    tracking,
    viewer_scopes,
)
from backend.volunteers.authentication import page_device
from backend.volunteers.holders import belongings_of, holder_of, line_numbers
from backend.volunteers.models import DutyPeriod, Membership, Unit, User, Volunteer
from backend.volunteers.queries import dispatched_units, me_of
from backend.volunteers.rules import may_see_unit
from backend.volunteers.tokens import read_access


@authenticator
def authenticate(credentials: Credentials, at: datetime) -> Principal:
    """Return who holds these credentials; two queries for a token, one more for a page's session."""
    if credentials.token:
        return _by_token(credentials.token, at)
    if credentials.session_key:
        return _by_session(credentials.session_key, at)
    raise NotSignedIn


@principal_of
def principal_of_user(user: User) -> Principal:
    """Return the person behind a REST request; it has no socket, so its session is nobody's."""
    return _principal(user, UUID(int=0), now())


def _by_token(token: str, at: datetime) -> Principal:
    claims = read_access(token)
    holder = holder_of(claims, at)
    if holder is None:
        raise NotAllowed
    tags = belongings_of(holder.user_id, at).tags | ({"adult"} if holder.is_adult else set())
    return Principal(holder.number, holder.user_id, claims.session, claims.expires_at, tags)


def _by_session(session_key: str, at: datetime) -> Principal:
    session = SessionStore(session_key).load()
    device = page_device(int(session.get(SESSION_KEY, 0)), session.get("device"), revoked=NotAllowed)
    # A changed password ends the sessions that were signed in with the old one.
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), device.user.get_session_auth_hash()):
        raise NotSignedIn
    return _principal(device.user, device.session, at)


def _principal(user: User, session: UUID, at: datetime) -> Principal:
    """Return a person without a token; tags are what audiences ask for: `skill:<code>`, `post:<role>`, `adult`."""
    tags = belongings_of(user.pk, at).tags | ({"adult"} if user.volunteer.is_adult(at) else set())
    return Principal(user.volunteer.number, user.pk, session, None, tags)


@own_topics
def topics_of(principal: Principal) -> list[str]:
    """Return one's person, the units one belongs to or holds a post in, and every unit above them."""
    numbers = line_numbers(belongings_of(principal.user_id, now()).paths)
    return [f"person.{principal.person:08d}", *(f"unit.{number}" for number in numbers)]


@topic("person")
def may_join_person(principal: Principal, id: str) -> bool:
    """Let in the person alone."""
    return id == f"{principal.person:08d}"


@topic("unit")
def may_join_unit(principal: Principal, id: str) -> bool:
    """Let in those who see the unit: one's own line up to headquarters, and what one's posts cover."""
    unit = Unit.objects.filter(number=id).first()
    return unit is not None and may_see_unit(User(pk=principal.user_id), unit, now())


@snapshot("person", "me")
def me(principal: Principal, _id: str) -> dict[str, Any]:
    """Oneself, as `GET /me` returns it."""
    return me_of(User.objects.get(pk=principal.user_id), at=now()).model_dump(mode="json")


@tracking
def on_duty(people: Iterable[int], at: datetime) -> Mapping[int, Tracked]:
    """Return those of `people` who are on duty, with the path of their primary unit; one query."""
    rows = Membership.objects.filter(
        Among(F("volunteer__number"), people), is_primary=True, volunteer__duty_until__gt=at
    )
    found = rows.values_list("volunteer__number", "unit__path", "volunteer__duty_since")
    return {number: Tracked(scope=path, since=since) for number, path, since in found if since}


@tracked_earlier
def was_on_duty(people: Iterable[int], since: datetime, at: datetime) -> Mapping[int, list[Window]]:
    """Return the duties of `people` that reach into the time from `since` to `at`; two queries.

    A duty that has run out counts too before the clock has ended it.
    """
    numbers = list(people)
    ended = DutyPeriod.objects.filter(volunteer__number__in=numbers, until__gte=since, since__lte=at)
    not_yet = Volunteer.objects.filter(number__in=numbers, duty_until__gte=since, duty_since__lte=at)
    found: dict[int, list[Window]] = {}
    for number, began, until in (
        *ended.values_list("volunteer__number", "since", "until"),
        *not_yet.values_list("number", "duty_since", "duty_until"),
    ):
        if began and until:
            found.setdefault(number, []).append(Window(began, until))
    return found


@viewer_scopes
def watched_paths(principal: Principal) -> list[str]:
    """Return the paths of the topmost units that one's posts cover."""
    return [unit.path for unit in dispatched_units(principal.user_id, at=now())]
