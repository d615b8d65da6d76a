"""What becomes of what was said of waking people when units, memberships and records end."""

from collections.abc import Sequence
from typing import Any

from backend.accounts.acting import Act
from backend.readiness.events import WakingChanged
from backend.readiness.models import LeadersWord, Waking, WakingHours
from backend.readiness.queries import waking_of
from backend.readiness.schemas import DailyHoursIn, WakingConsentIn, WakingIn
from backend.readiness.services.statements import rewrite_hours
from backend.readiness.services.words import end_words
from backend.volunteers.models import Category, Unit, Volunteer


def hand_over(unit: Unit, successor: Unit) -> None:
    """Let leaders' words of a unit that ends be those of its successor: its members go on there."""
    LeadersWord.objects.filter(unit=unit).update(unit=successor)


def end_words_of_unit(unit: Unit, volunteers: Sequence[Volunteer], *, act: Act) -> None:
    """End the words that leaders of a unit gave for volunteers who have left it, and tell the volunteers."""
    words = LeadersWord.objects.not_ended().filter(unit=unit, volunteer__in=volunteers)
    held = set(words.values_list("volunteer", flat=True))
    for volunteer in volunteers:
        if volunteer.pk in held and end_words(words.filter(volunteer=volunteer), volunteer, act=act):
            act.tell(volunteer.topic, WakingChanged(waking=waking_of(volunteer, at=act.at)))


def end_all_words(volunteer: Volunteer, *, act: Act) -> None:
    """End every leader's word for a volunteer."""
    if end_words(LeadersWord.objects.filter(volunteer=volunteer), volunteer, act=act):
        act.tell(volunteer.topic, WakingChanged(waking=waking_of(volunteer, at=act.at)))


def merge_words(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Keep what either record refuses, and of consents only those of the record that is kept.

    Leaders' words for the other one end: the leader who gave one may not look after the record that is kept.
    """
    end_words(LeadersWord.objects.filter(volunteer=gone), gone, act=act)
    LeadersWord.objects.filter(volunteer=gone).update(volunteer=kept)
    also = Waking.objects.filter(volunteer=gone).first()
    if also is None:
        return
    said = Waking.objects.filter(volunteer=kept).first() or Waking(volunteer=kept, said_at=also.said_at)
    said.said_at = max(said.said_at, also.said_at)  # a leader's word must be later than either
    said.refused_hours = _both(said.refused_hours, also.refused_hours)
    said.refused_categories = sorted({*said.refused_categories, *also.refused_categories})
    said.save()
    rewrite_hours(kept, _read(said))
    erase_waking(gone)


def _both(one: list[Any], other: list[Any]) -> list[Any]:
    return [*one, *(hours for hours in other if hours not in one)]


def _read(said: Waking) -> WakingIn:
    """Return a document in its shape; two together may hold more than a person can send."""
    return WakingIn.model_construct(
        consents=[WakingConsentIn.model_validate(hours) for hours in said.consents],
        refused_hours=[DailyHoursIn.model_validate(hours) for hours in said.refused_hours],
        refused_categories=[Category(code) for code in said.refused_categories],
    )


def erase_waking(volunteer: Volunteer) -> None:
    """Delete all that was said of waking a volunteer, by whom it may be."""
    WakingHours.objects.filter(volunteer=volunteer).delete()
    LeadersWord.objects.filter(volunteer=volunteer).delete()
    Waking.objects.filter(volunteer=volunteer).delete()
