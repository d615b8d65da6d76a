"""Notes who looked at whom, so that people can see it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from backend.accounts.models import User
from backend.volunteers.models import AccessEntry, LookedAt, Volunteer
from backend.volunteers.queries.masking import is_whole

BATCH = 2_000


class Shown(Protocol):
    """A person on a list, as clients see the person."""

    @property
    def number(self) -> str:
        """Return the volunteer number."""

    @property
    def phone(self) -> str:
        """Return the phone, whole or masked."""


def note_access(*, viewer_user_id: int, volunteer_ids: Collection[int], what: LookedAt, at: datetime) -> None:
    """Note that a user was shown something of people, by the keys of their volunteers.

    One statement for two thousand people. The second time within an hour leaves no row. Looking at oneself is no look.
    """
    others = Volunteer.objects.filter(pk__in=volunteer_ids).exclude(user=viewer_user_id)
    _note(viewer_user_id, list(others.order_by("pk").values_list("pk", flat=True)), what, at)


def note_access_by_number(
    *, viewer_user_id: int, numbers: Collection[int], what: LookedAt, at: datetime
) -> None:
    """Note the same of people by their numbers."""
    others = Volunteer.objects.filter(number__in=numbers).exclude(user=viewer_user_id)
    _note(viewer_user_id, list(others.order_by("pk").values_list("pk", flat=True)), what, at)


def note_list(people: Iterable[Shown], *, viewer_user_id: int, what: LookedAt, at: datetime) -> None:
    """Note that a user was shown people on a list; where the phone was whole, that too."""
    phones = {int(person.number): person.phone for person in people}
    note_access_by_number(viewer_user_id=viewer_user_id, numbers=phones, what=what, at=at)
    whole = [number for number, phone in phones.items() if is_whole(phone)]
    if whole:
        note_access_by_number(viewer_user_id=viewer_user_id, numbers=whole, what=LookedAt.PHONE, at=at)


def note_named(numbers: Iterable[str], *, by: User, at: datetime, whole_phone: bool = False) -> None:
    """Note that a caller was shown the names of volunteers, beside something else; `whole_phone`: their phones too."""
    shown = {int(number) for number in numbers}
    for what in [LookedAt.PROFILE, *([LookedAt.PHONE] if whole_phone else [])] if shown else []:
        note_access_by_number(viewer_user_id=by.pk, numbers=shown, what=what, at=at)


def note_sightings(seen: Mapping[int, Collection[int]], *, at: datetime) -> None:
    """Note whom users (by key) have seen on the live map, by number."""
    for viewer, numbers in seen.items():
        note_access_by_number(viewer_user_id=viewer, numbers=numbers, what=LookedAt.LOCATION, at=at)


def _note(viewer: int, subjects: Collection[int], what: LookedAt, at: datetime) -> None:
    # In the order of their keys, against deadlock: two processes that note the same do not lock each other out.
    hour = at.replace(minute=0, second=0, microsecond=0)
    AccessEntry.objects.bulk_create(
        [
            AccessEntry(viewer_id=viewer, subject_id=subject, what=what, hour=hour, at=at)
            for subject in subjects
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
