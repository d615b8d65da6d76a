"""Who holds a socket, and which topics are theirs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import constant_time_compare

from backend.accounts.authentication import page_device
from backend.accounts.forgotten import forgotten_sign_ins
from backend.accounts.models import User
from backend.accounts.services.devices import note_arrival
from backend.accounts.tokens import Claims, read_access
from backend.lib.clock import now
from backend.lib.errors import NotAllowed, NotSignedIn, Refusal
from backend.realtime.registry import (
    Credentials,
    Pairs,
    Principal,
    actors,
    authenticator,
    own_topics,
    person_of,
    principal_of,
    renewed_tags,
    snapshot,
    topic,
)
from backend.volunteers.models import Unit, Volunteer, adult_if_born_until, not_retired
from backend.volunteers.principals import NOTHING, Holder, belongings_of, holders_of, line_topics, shared
from backend.volunteers.queries import me_of
from backend.volunteers.rules import may_see_unit, seen_by_posts
from backend.volunteers.schemas import Me

ADULT = frozenset({"adult"})


@authenticator
def authenticate(credentials: Sequence[Credentials], at: datetime) -> list[Principal | Refusal]:
    """Return the holders of credentials; two queries for all tokens, three more for each page's session."""
    found = [_read(one, at) for one in credentials]
    claimed = [one for one in found if isinstance(one, Claims)]
    principals = iter(_principals(claimed, at) if claimed else ())
    return [next(principals) if isinstance(one, Claims) else one for one in found]


def _read(credentials: Credentials, at: datetime) -> Claims | Principal | Refusal:
    try:
        if credentials.token:
            return read_access(credentials.token)
        if credentials.session_key:
            return _by_session(credentials.session_key, at)
    except Refusal as refusal:
        return refusal
    return NotSignedIn()


def _principals(claims: Sequence[Claims], at: datetime) -> list[Principal | Refusal]:
    holders = holders_of(claims, at)
    _note_arrivals(claims, holders)
    having = belongings_of([holder.user_id for holder in holders if holder], at)
    forgotten = forgotten_sign_ins(
        [claim for claim, holder in zip(claims, holders, strict=True) if not holder]
    )

    def principal(claim: Claims, holder: Holder | None) -> Principal | Refusal:
        if holder is None:
            return NotSignedIn() if claim.session in forgotten else NotAllowed()
        tags = having.get(holder.user_id, NOTHING).tags
        tags = shared(tags | ADULT) if holder.is_adult else tags
        return Principal(holder.number, holder.user_id, claim.session, claim.expires_at, tags)

    return [principal(claim, holder) for claim, holder in zip(claims, holders, strict=True)]


def _note_arrivals(claims: Sequence[Claims], holders: Sequence[Holder | None]) -> None:
    """Note that phones have their new tokens; no query unless one shows its pair for the first time."""
    shown = {
        claim.device: holder.rotated_at
        for claim, holder in zip(claims, holders, strict=True)
        if holder and holder.rotated_at and claim.is_of_the_pair(holder.rotated_at)
    }
    if shown:
        note_arrival(shown)


@renewed_tags
def tags_of(principals: Sequence[Principal], at: datetime) -> list[frozenset[str]]:
    """Return what people's tags are at `at`; two queries."""
    users = [principal.user_id for principal in principals]
    having = belongings_of(users, at)
    adults = Volunteer.objects.filter(user__in=users, born_on__lte=adult_if_born_until(at))
    of_age = set(adults.values_list("user", flat=True))
    return [
        shared(having.get(user, NOTHING).tags | (ADULT if user in of_age else frozenset())) for user in users
    ]


@principal_of
def principal_of_user(user: User) -> Principal:
    """Return the person behind a REST request; it has no socket, so its session belongs to no person."""
    return _principal(user, UUID(int=0), now())


def _by_session(session_key: str, at: datetime) -> Principal:
    session = SessionStore(session_key).load()
    device = page_device(int(session.get(SESSION_KEY, 0)), session.get("device"), revoked=NotAllowed)
    # A changed password ends the sessions that were signed in with the old one.
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), device.user.get_session_auth_hash()):
        raise NotSignedIn
    return _principal(device.user, device.session, at)


def _principal(user: User, session: UUID, at: datetime) -> Principal:
    """Return a person without a token; tags are what audiences ask for: `skill:<code>`, `post:<role>`, `adult`."""
    tags = belongings_of([user.pk], at).get(user.pk, NOTHING).tags
    tags = shared(tags | ADULT) if user.volunteer.is_adult(at) else tags
    return Principal(user.volunteer.number, user.pk, session, None, tags)


@person_of
def number_of(user: User) -> int:
    """Return the number of the volunteer behind a REST request; signing in has read it."""
    return user.volunteer.number


@actors
def users_with_volunteers(ids: Collection[int]) -> Mapping[int, User]:
    """Return users with their volunteers; one query."""
    return User.objects.select_related("volunteer").in_bulk(ids)


@own_topics
def topics_of(principals: Sequence[Principal]) -> list[list[str]]:
    """Return people's topics: their own, of the units with a membership or post, and of all above; one query."""
    having = belongings_of([principal.user_id for principal in principals], now())
    return [
        [f"person.{principal.person:08d}", *line_topics(having.get(principal.user_id, NOTHING).paths)]
        for principal in principals
    ]


@topic("person")
def may_join_person(principal: Principal, id: str) -> bool:
    """Let in the person alone."""
    return id == f"{principal.person:08d}"


def may_join_units(pairs: Pairs) -> list[bool]:
    """Tell for many people and units what `may_join_unit` tells for one; three queries."""
    at, users = now(), list({principal.user_id for principal, _ in pairs})
    found = Unit.objects.filter(not_retired(), number__in={id for _, id in pairs})
    units = dict(found.values_list("number", "path"))
    having = belongings_of(users, at)
    seen = seen_by_posts(users, at)

    def may(user: int, path: str) -> bool:
        belongs = any(own.startswith(path) for own in having.get(user, NOTHING).paths)
        return belongs or any(path.startswith(above) for above in seen.get(user, ()))

    return [id in units and may(principal.user_id, units[id]) for principal, id in pairs]


@topic("unit", many=may_join_units)
def may_join_unit(principal: Principal, id: str) -> bool:
    """Let in the people who may see the unit: it is in their own line up to headquarters, or covered by their posts."""
    unit = Unit.objects.filter(not_retired(), number=id).first()
    return unit is not None and may_see_unit(User(pk=principal.user_id), unit, now())


@snapshot("person", "me", shape=Me)
def me(principal: Principal, _id: str) -> dict[str, Any]:
    """Oneself, as `GET /me` returns it."""
    user = User.objects.get(pk=principal.user_id)
    user.introduced = (
        user.devices.not_revoked().filter(introduced=True).exists()
    )  # it may be the one that asks
    return me_of(user, at=now()).model_dump(mode="json")
