"""People say for what, and when, they may be woken."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.accounts.services.refusals import IntroducedSession
from backend.lib.errors import require
from backend.readiness.acts import Acts
from backend.readiness.events import WakingChanged
from backend.readiness.models import LeadersWord, Waking, WakingHours
from backend.readiness.queries import waking_of
from backend.readiness.schemas import DailyHoursIn, WakingIn, WakingOut
from backend.readiness.services.words import end_words
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Volunteer


@transaction.atomic
def say_waking(*, wanted: WakingIn, by: User, at: datetime) -> WakingOut:
    """Put what a person says in the place of all that was said before, leaders' words included. Locks the volunteer.

    The same again changes nothing, unless a leader's word came in between: then it ends. Raises IntroducedSession when
    something that was refused would be taken back on a device that another person has signed in.
    """
    volunteer = volunteers_to_lock().get(user=by)
    words = LeadersWord.objects.in_force(at).filter(volunteer=volunteer)
    said = Waking.objects.filter(volunteer=volunteer).first()
    document = wanted.model_dump(mode="json")
    require(not by.introduced or said is None or _keeps_refusals(said, document), IntroducedSession)
    if said is not None and _document(said) == document and not words.exists():
        return waking_of(volunteer, at=at)
    Waking.objects.update_or_create(volunteer=volunteer, defaults={**document, "said_at": at})
    rewrite_hours(volunteer, wanted)
    with acting(by=by, at=at) as act:
        act.record(
            Acts.WAKING_SAID,
            f"volunteer.{volunteer.pk}",
            consents=len(wanted.consents),
            refused_hours=len(wanted.refused_hours),
            refused_categories=len(wanted.refused_categories),
        )
        end_words(words, volunteer, act=act)
        now = waking_of(volunteer, at=at)
        act.tell(volunteer.topic, WakingChanged(waking=now))
    return now


def _keeps_refusals(said: Waking, document: Mapping[str, Any]) -> bool:
    """Tell whether all that was refused is refused in a new document too, in the same words."""
    hours, categories = document["refused_hours"], set(document["refused_categories"])
    return all(one in hours for one in said.refused_hours) and categories.issuperset(said.refused_categories)


def _document(said: Waking) -> dict[str, Any]:
    return {
        "consents": said.consents,
        "refused_hours": said.refused_hours,
        "refused_categories": said.refused_categories,
    }


def rewrite_hours(volunteer: Volunteer, said: WakingIn) -> None:
    """Write a person's own hours as call-outs read them."""
    WakingHours.objects.filter(volunteer=volunteer, word=None).delete()
    WakingHours.objects.bulk_create(_hours(volunteer, said))


def _hours(volunteer: Volunteer, said: WakingIn) -> Iterator[WakingHours]:
    for consent in said.consents:
        for category in consent.categories:
            yield from _rows(volunteer, consent, category, refused=False)
    for hours in said.refused_hours:
        yield from _rows(volunteer, hours, "", refused=True)
    for category in said.refused_categories:
        yield from _rows(volunteer, DailyHoursIn(start="00:00", end="24:00"), category, refused=True)


def _rows(
    volunteer: Volunteer, hours: DailyHoursIn, category: str, *, refused: bool
) -> Iterator[WakingHours]:
    for start, end in hours.parts:
        yield WakingHours(
            volunteer=volunteer, category=category, refused=refused, from_minute=start, until_minute=end
        )
