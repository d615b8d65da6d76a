"""Rules: each answers whether a user may, by yes or no, or by a grant with the post that allows it."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Q, QuerySet

from backend.accounts.models import User
from backend.volunteers.consents import current_version
from backend.volunteers.grants import DENIED, OWN, Grant
from backend.volunteers.models import (
    DISPATCHING_ROLES,
    MANAGING_ROLES,
    RANKS,
    Membership,
    Post,
    Purpose,
    Role,
    Unit,
    UnitKind,
    Volunteer,
    adult_if_born_until,
    has_not_retired,
    roles_from,
    shows,
)
from backend.volunteers.models.posts import PostQuerySet


def current_posts(user_id: int, at: datetime) -> PostQuerySet:
    """Return the posts that a user holds at `at`; none while suspended."""
    return Post.objects.in_force(at).filter(volunteer__user_id=user_id)


def within(path: str, field: str = "path") -> Q:
    """Return the condition of being the unit at `path` or below it, as a range that every database has an index for."""
    return Q(**{f"{field}__range": (path, path + "Z" * Unit.steplen)})


def seen_from(path: str, of: str = "") -> Q:
    """Return the condition of a unit whose people posts at `path` see: it, and those below that keep theirs from none.

    `of` leads from the rows asked for to the unit: `unit__`. A room that lists people by units asks this, not `within`.
    """
    return Q(within(path, f"{of}path"), **{f"{of}closed_depth__lte": len(path) // Unit.steplen})


def may_by(user: User, unit: Unit, at: datetime, roles: Collection[str]) -> Grant:
    """Grant by the post, of one of these roles, that covers the unit: in it or above it, the nearest first.

    A post above a partner that keeps its people to itself covers its units for `may_oversee` alone.
    """
    return _nearest(current_posts(user.pk, at).filter(role__in=roles, unit__path__in=unit.line_inside))


def may_oversee(user: User, unit: Unit, at: datetime, roles: Collection[str] = DISPATCHING_ROLES) -> Grant:
    """Leaders of the unit, or of any above, also of a partner's: for counts, calls and standings, never for people."""
    return _nearest(current_posts(user.pk, at).filter(role__in=roles, unit__path__in=unit.line))


def _nearest(posts: QuerySet[Post]) -> Grant:
    return Grant(posts.select_related("unit").order_by("-unit__path", "seat").first())


def may_dispatch(user: User, unit: Unit, at: datetime) -> Grant:
    """Leaders, deputies, dispatchers and commanders of the unit, or of one above it."""
    return may_by(user, unit, at, DISPATCHING_ROLES)


def may_manage(user: User, unit: Unit, at: datetime) -> Grant:
    """Leaders, deputies and commanders of the unit, or of one above it, look after its people."""
    return may_by(user, unit, at, MANAGING_ROLES)


def may_see_person(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Oneself, and a user who may dispatch a unit of the person."""
    return volunteer.user_id == user.pk or _posts_over(user, volunteer, at, DISPATCHING_ROLES).exists()


def may_see_unit(user: User, unit: Unit, at: datetime) -> bool:
    """Users who may oversee it, and volunteers with a membership or post in it or below: they see the line above."""
    belongs = within(unit.path, "unit__path")
    return (
        bool(may_oversee(user, unit, at))
        or Membership.objects.filter(belongs, has_not_retired("volunteer__"), volunteer__user=user).exists()
        or current_posts(user.pk, at).filter(belongs).exists()
    )


def seen_by_posts(users: Collection[int], at: datetime) -> dict[int, list[str]]:
    """Return the paths of the units that users may oversee, with all below: what `may_see_unit` asks, for many."""
    held = Post.objects.in_force(at).dispatching().filter(volunteer__user_id__in=users)
    found: dict[int, list[str]] = {}
    for user, path in held.values_list("volunteer__user_id", "unit__path"):
        found.setdefault(user, []).append(path)
    return found


def may_manage_wholly(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Users who may manage every unit of the person, by membership or by post, now or later; one unit at least.

    They must also be able to give every one of these posts. Otherwise a user could get a higher post, or take it
    away, in this way.
    """
    posts = volunteer.posts.lasting(at)
    memberships = Membership.objects.filter(volunteer=volunteer)
    of_unit = ("unit__path", "unit__closed_depth")
    places = {*posts.values_list(*of_unit), *memberships.values_list(*of_unit)}
    managed = managed_paths(user, at)
    covered = bool(places) and all(any(shows(above, *place) for above in managed) for place in places)
    return covered and may_end(user, _lasting_posts(volunteer, at), at)


def may_trace_numbers(user: User, at: datetime) -> bool:
    """Only those who manage headquarters are told what became of any number: other callers could count the force."""
    held = current_posts(user.pk, at).managing()
    return held.filter(unit__depth=1, unit__kind=UnitKind.HEADQUARTERS).exists()


def managed_paths(user: User, at: datetime) -> list[str]:
    """Return the paths of the units in which a user has a post that manages; what `seen_from` them is managed too."""
    return list(current_posts(user.pk, at).managing().values_list("unit__path", flat=True))


def may_reshape(user: User, unit: Unit, at: datetime) -> Grant:
    """Leaders who look after the unit above move, split, merge or retire a unit; a partner itself too, none inside."""
    above = (unit.line if unit.closed_depth == unit.depth else unit.line_inside)[:-1]
    return _nearest(current_posts(user.pk, at).managing().filter(unit__path__in=above))


def may_appoint(user: User, unit: Unit, role: str, at: datetime) -> Grant:
    """Leaders who look after the unit by a post of no lower rank than the one to be given or taken."""
    return may_by(user, unit, at, roles_from(role))


def may_give(by: User, unit: Unit, role: Role, until: datetime | None, at: datetime) -> Grant:
    """Grant by a post of the user's own that the new one narrows: of no lower rank, over the unit, lasting as long.

    A post in its own right comes before an acting one: what is given by an acting post ends with it.
    """
    posts = current_posts(by.pk, at).lasting_until(until)
    posts = posts.filter(role__in=roles_from(role), unit__path__in=_line_to_appoint(unit, at))
    return Grant(posts.select_related("unit").order_by("is_acting", "-unit__path", "seat").first())


def may_fill_posts(user: User, unit: Unit, at: datetime) -> Grant:
    """Leaders who manage the unit; of a partner without a leader, those above as well."""
    lines = _line_to_appoint(unit, at)
    return _nearest(current_posts(user.pk, at).managing().filter(unit__path__in=lines))


def _line_to_appoint(unit: Unit, at: datetime) -> list[str]:
    partner = unit.path[: unit.closed_depth * Unit.steplen]
    is_led = Post.objects.lasting(at).managing().filter(unit__path=partner).exists() if partner else True
    return unit.line_inside if is_led else unit.line


def may_manage_person(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who look after the person's primary unit, and could take away every post of the person."""
    return _may_decide(user, volunteer, at, may_manage)


def may_suspend(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """As `may_manage_person`; those above a partner too suspend a person, whom they do not see, by the number."""
    return _may_decide(user, volunteer, at, partial(may_oversee, roles=MANAGING_ROLES))


def _may_decide(
    user: User, volunteer: Volunteer, at: datetime, over: Callable[[User, Unit, datetime], Grant]
) -> Grant:
    primary = Unit.objects.filter(memberships__volunteer=volunteer, memberships__is_primary=True).first()
    grant = over(user, primary, at) if primary else DENIED
    return grant if grant and may_end(user, _lasting_posts(volunteer, at), at) else DENIED


def may_release(user: User, volunteer: Volunteer, unit: Unit, at: datetime) -> Grant:
    """Leaders who look after a unit let a person go from it, unless a post of the person there ranks above theirs.

    The person's posts there end.
    """
    grant = may_manage(user, unit, at)
    return grant if grant and may_end(user, _lasting_posts(volunteer, at).filter(unit=unit), at) else DENIED


def _lasting_posts(volunteer: Volunteer, at: datetime) -> QuerySet[Post]:
    held = volunteer.posts.lasting(at).exclude(role=Role.MEMBER)
    return held.select_related("unit", "volunteer")


def may_end(user: User, posts: Iterable[Post], at: datetime) -> bool:
    """Tell whether each of the posts is the user's own, or one that ranks no higher than theirs over its unit."""
    held = list(current_posts(user.pk, at).managing().values_list("unit__path", "role"))
    return all(
        post.volunteer.user_id == user.pk
        or any(
            post.unit.path.startswith(path) and RANKS[Role(role)] >= RANKS[Role(post.role)]
            for path, role in held
        )
        for post in posts
    )


def may_keep_records_of(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who look after a person note credentials and guardians; never their own."""
    return may_look_after(user, volunteer, at) if volunteer.user_id != user.pk else DENIED


def agrees_to_location(of: str = "") -> Q:
    """Return the condition of having agreed, in the words that hold now, to being located.

    `of` leads from the rows asked for to the volunteer: `volunteer__`.
    """
    version = current_version(Purpose.LOCATION)
    return Q(**{f"{of}location_consent_version": version, f"{of}location_consent_at__isnull": False})


def agrees_to(volunteer: Volunteer, purpose: Purpose) -> bool:
    """Tell whether the person agrees to a purpose in the words that hold now."""
    return volunteer.consents.in_force().filter(purpose=purpose, version=current_version(purpose)).exists()


def is_known_minor(at: datetime, of: str = "") -> Q:
    """Return the condition of being under 18 by a date of birth that is known."""
    return Q(**{f"{of}born_on__gt": adult_if_born_until(at)})


def reads_sealed(user: User, at: datetime) -> bool:
    """Users whose password is some days old are shown their own phone and identity card whole.

    A younger password, or a code that was read out, may be another person's: of a leader who invited or merged.
    """
    since = user.password_set_at
    return not user.introduced and (since is None or since <= at - timedelta(days=settings.SEALED_AFTER_DAYS))


def needs_second_factor(user: User, at: datetime) -> bool:
    """Leaders, deputies and commanders of any unit, and operators: their password alone would open too much."""
    return may_operate(user) or current_posts(user.pk, at).managing().exists()


def may_operate(user: User) -> bool:
    """Operators, who look after the installation; no post makes an operator, and being one opens nothing of a unit."""
    return user.is_active and user.is_staff


def holds_post(user: User, at: datetime) -> bool:
    """Holders of a post over others, also one that rests or begins later, and operators."""
    return may_operate(user) or Post.objects.lasting(at).dispatching().filter(volunteer__user=user).exists()


def may_look_after(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who manage a unit of the person; by the nearest post."""
    return _nearest(_posts_over(user, volunteer, at, MANAGING_ROLES))


def _posts_over(user: User, volunteer: Volunteer, at: datetime, roles: Collection[str]) -> QuerySet[Post]:
    """Return the posts, of these roles, that cover a unit of the person and see its people."""
    units = Unit.objects.filter(memberships__volunteer=volunteer)
    lines = {above for unit in units.only("path", "closed_depth") for above in unit.line_inside}
    return current_posts(user.pk, at).filter(role__in=roles, unit__path__in=lines)


def may_invite(user: User | None, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who look after the person, and could hand on every post of the person; no user invites themselves.

    By a post in its own right before an acting one. Without a user it is an operator at the machine.
    """
    if user is None:
        return OWN
    if volunteer.user_id == user.pk:
        return DENIED
    posts = _posts_over(user, volunteer, at, MANAGING_ROLES).select_related("unit")
    grant = Grant(posts.order_by("is_acting", "-unit__path", "seat").first())
    if not grant or posts_beyond_invitation(user, at).filter(volunteer=volunteer).exists():
        return DENIED
    return grant


def posts_beyond_invitation(user: User, at: datetime) -> QuerySet[Post]:
    """Return the posts whose holders `user` cannot invite: an invitation sets a password, and so hands on the posts.

    Posts that manage are handed on from above alone, so that no deputy becomes the leader. A dispatcher's post is
    handed on by those who manage the unit. Posts that rest, or begin later, count: they will be handed on too. An
    acting post hands on none: what was handed on would outlive it.
    """
    beyond = Post.objects.lasting(at).dispatching()
    lasting_paths = current_posts(user.pk, at).managing().filter(is_acting=False)
    for path in lasting_paths.values_list("unit__path", flat=True):
        beyond = beyond.exclude(within(path, "unit__path") & (~Q(unit__path=path) | Q(role=Role.DISPATCHER)))
    return beyond
