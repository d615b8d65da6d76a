"""Who holds a socket, which topics are theirs, whom they may watch."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Case, F, QuerySet, When
from django.utils.crypto import constant_time_compare

from backend.lib.api import now
from backend.lib.errors import NotAllowed, NotSignedIn, Refusal
from backend.realtime.among import Among
from backend.realtime.registry import (
    Credentials,
    Pairs,
    Principal,
    Tracked,
    Window,
    authenticator,
    deletions,
    own_topics,
    principal_of,
    renewed_tags,
    sightings,
    snapshot,
    topic,
    tracked_earlier,
    tracking,
    viewer_scopes,
    withheld,
)
from backend.volunteers.authentication import page_device
from backend.volunteers.forgotten import forgotten_sign_ins
from backend.volunteers.holders import NOTHING, Holder, belongings_of, holders_of, line_topics, shared
from backend.volunteers.models import (
    DutyPeriod,
    Membership,
    Unit,
    User,
    Volunteer,
    adult_if_born_until,
)
from backend.volunteers.queries import dispatched_units, me_of
from backend.volunteers.rules import agrees_to_location, may_see_unit, seen_by_posts
from backend.volunteers.schemas import Me
from backend.volunteers.services.devices import note_arrival
from backend.volunteers.services.looks import note_sightings
from backend.volunteers.services.retention import note_deleted
from backend.volunteers.tokens import Claims, read_access
from backend.volunteers.tracking import agreed_since, not_agreed_until

ADULT = frozenset({"adult"})


@authenticator
def authenticate(credentials: Sequence[Credentials], at: datetime) -> list[Principal | Refusal]:
    """Return who holds these credentials; two queries for all tokens, three more for each page's session."""
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
    """Return the person behind a REST request; it has no socket, so its session is nobody's."""
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


@own_topics
def topics_of(principals: Sequence[Principal]) -> list[list[str]]:
    """Return people's own topics, the units they belong to or hold a post in, and every unit above; one query."""
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
    found = Unit.objects.filter(number__in={id for _, id in pairs}, retired_at=None)
    units = dict(found.values_list("number", "path"))
    having = belongings_of(users, at)
    seen = seen_by_posts(users, at)

    def may(user: int, path: str) -> bool:
        belongs = any(own.startswith(path) for own in having.get(user, NOTHING).paths)
        return belongs or any(path.startswith(above) for above in seen.get(user, ()))

    return [id in units and may(principal.user_id, units[id]) for principal, id in pairs]


@topic("unit", many=may_join_units)
def may_join_unit(principal: Principal, id: str) -> bool:
    """Let in those who see the unit: one's own line up to headquarters, and what one's posts cover."""
    unit = Unit.objects.filter(number=id, retired_at=None).first()
    return unit is not None and may_see_unit(User(pk=principal.user_id), unit, now())


@snapshot("person", "me", shape=Me)
def me(principal: Principal, _id: str) -> dict[str, Any]:
    """Oneself, as `GET /me` returns it."""
    return me_of(User.objects.get(pk=principal.user_id), at=now()).model_dump(mode="json")


@tracking
def on_duty(people: Iterable[int], at: datetime) -> Mapping[int, Tracked]:
    """Return those of `people` who are on duty and agree to being located, with the path of their primary unit.

    One query.
    """
    rows = Membership.objects.filter(
        Among(F("volunteer__number"), people),
        agrees_to_location("volunteer__"),
        is_primary=True,
        volunteer__duty_until__gt=at,
    )
    found = rows.values_list(
        "volunteer__number", "unit__path", "volunteer__duty_since", "volunteer__location_consent_at"
    )
    return {
        number: Tracked(scope=path, since=agreed_since(since, agreed_at))
        for number, path, since, agreed_at in found
        if since and agreed_at
    }


@tracked_earlier
def was_on_duty(people: Iterable[int], since: datetime, at: datetime) -> Mapping[int, list[Window]]:
    """Return the duties of `people` that reach into the time from `since` to `at`, as far as they agreed; two queries.

    A duty that has run out counts too before the clock has ended it. Whoever has withdrawn has none, and whoever has
    agreed anew none before that: what a phone kept meanwhile leaves no row when it is brought.
    """
    numbers = list(people)
    ended = DutyPeriod.objects.filter(
        agrees_to_location("volunteer__"), volunteer__number__in=numbers, until__gte=since, since__lte=at
    )
    not_yet = Volunteer.objects.filter(
        agrees_to_location(), number__in=numbers, duty_until__gte=since, duty_since__lte=at
    )
    found: dict[int, list[Window]] = {}
    for number, began, until, agreed_at in (
        *ended.values_list("volunteer__number", "since", "until", "volunteer__location_consent_at"),
        *not_yet.values_list("number", "duty_since", "duty_until", "location_consent_at"),
    ):
        if began and until and agreed_at and agreed_since(began, agreed_at) < until:
            found.setdefault(number, []).append(Window(agreed_since(began, agreed_at), until))
    return found


@withheld
def on_duty_without_consent(
    people: Iterable[int], since: datetime, at: datetime
) -> Mapping[int, list[Window]]:
    """Return the duties of `people` between the two, as far as they had not agreed to being located; two queries."""
    numbers = list(people)
    ended = DutyPeriod.objects.filter(volunteer__number__in=numbers, until__gte=since, since__lte=at)
    not_yet = Volunteer.objects.filter(number__in=numbers, duty_until__gte=since, duty_since__lte=at)
    found: dict[int, list[Window]] = {}
    for number, began, until, agreed_at in (
        *_with_agreement(ended, "volunteer__").values_list(
            "volunteer__number", "since", "until", "agreed_at"
        ),
        *_with_agreement(not_yet, "").values_list("number", "duty_since", "duty_until", "agreed_at"),
    ):
        if began and until and (ends := not_agreed_until(began, until, agreed_at)) > began:
            found.setdefault(number, []).append(Window(began, ends))
    return found


def _with_agreement(rows: QuerySet[Any], of: str) -> QuerySet[Any]:
    """Add `agreed_at` to rows: since when their volunteers agree to being located, null for those who do not."""
    agreed = Case(When(agrees_to_location(of), then=F(f"{of}location_consent_at")))
    with_it: QuerySet[Any] = rows.annotate(agreed_at=agreed)
    return with_it


@viewer_scopes
def watched_paths(principal: Principal) -> list[str]:
    """Return the paths of the topmost units that one's posts cover."""
    return [unit.path for unit in dispatched_units(principal.user_id, at=now())]


@sightings
def note_who_was_seen(seen: Mapping[int, Collection[int]], at: datetime) -> None:
    """Note for the people on somebody's map that they were looked at."""
    note_sightings(seen, at=at)


@deletions
def note_what_was_deleted(kind: str, count: int, at: datetime) -> None:
    """Put what realtime has deleted on the report."""
    note_deleted(kind, count, at=at)
