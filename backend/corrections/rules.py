"""Rules of corrections."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from backend.accounts.models import User
from backend.corrections.models import Part
from backend.volunteers.grants import Grant
from backend.volunteers.models import Membership, Post, Volunteer
from backend.volunteers.rules import managed_paths, may_keep_records_of, may_look_after, may_manage_wholly


def may_correct(user: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Leaders who look after a person correct their record, never their own."""
    return may_keep_records_of(user, volunteer, at)


def may_change_way_in(user: User, volunteer: Volunteer, part: Part, at: datetime) -> bool:
    """Tell whether a leader may change this part although it is a way to sign in, as a phone is.

    Such a leader is over every unit and every post of the person, as for a code of an invitation.
    """
    return part != Part.PHONE or may_manage_wholly(user, volunteer, at)


def may_read(user: User, volunteer: Volunteer, at: datetime) -> bool:
    """Tell whether a user is the person, or looks after them."""
    return volunteer.user_id == user.pk or bool(may_look_after(user, volunteer, at))


def correctable(user: User, volunteers: Iterable[Volunteer], part: Part, at: datetime) -> set[int]:
    """Return those of many people, by key, of whom a leader may correct this part: by the same rules.

    People without a post, nearly all, are judged together.
    """
    people = {one.pk: one for one in volunteers if one.user_id != user.pk}
    managed, units = managed_paths(user, at), defaultdict(list)
    belongs = Membership.objects.filter(volunteer__in=people).values_list("volunteer", "unit__path")
    for person, path in belongs:
        units[person].append(path)
    posted = set(Post.objects.lasting(at).filter(volunteer__in=people).values_list("volunteer", flat=True))
    wholly = {
        person
        for person, paths in units.items()
        if person not in posted and all(any(path.startswith(above) for above in managed) for path in paths)
    }
    apart = [people[person] for person in people.keys() - wholly]
    return wholly | {
        one.pk for one in apart if may_correct(user, one, at) and may_change_way_in(user, one, part, at)
    }
