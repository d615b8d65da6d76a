"""Leaders note that people have agreed by voice to being woken; the words end."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.lib.errors import Invalid, NotFound, require
from backend.lib.made import Made, unless_taken
from backend.readiness.acts import Acts
from backend.readiness.events import WakingChanged
from backend.readiness.models import WORD_LASTS, LeadersWord, LeadersWordQuerySet, Waking, WakingHours
from backend.readiness.queries import waking_of, word_out
from backend.readiness.rules import may_end_word, may_note_word
from backend.readiness.schemas import LeadersWordIn, LeadersWordOut
from backend.readiness.services.refusals import (
    RefusedByPerson,
    SaidOtherwiseSince,
    TooManyWords,
    WordIdTaken,
)
from backend.volunteers.grants import Grant
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.models.availability import DAY_MINUTES

MOST_WORDS = 10
"""Leaders' words that may hold for one person."""
SAID_WITHIN = timedelta(days=7)
"""How long after a person's yes a leader may note it."""
KEPT = timedelta(days=365)
"""How long a leader's word is kept after its end."""


@transaction.atomic
def note_word(*, volunteer: Volunteer, wanted: LeadersWordIn, by: User, at: datetime) -> Made[LeadersWordOut]:
    """Note that a person agrees by voice to being woken. The same id and content again is the same word.

    It puts no person on duty, and counts for nothing that the person refuses. Locks the volunteer. Raises NotFound
    unless `by` looks after the person, WordIdTaken, Invalid for a yes of the future or of more than a week ago,
    RefusedByPerson, SaidOtherwiseSince, TooManyWords.
    """
    volunteer = volunteers_to_lock().get(pk=volunteer.pk)
    grant = require(may_note_word(by, volunteer, at))
    known = _read(LeadersWord.objects.filter(pk=wanted.id))
    if known is not None:
        return Made(_same(known, volunteer, wanted, by), is_new=False)
    _check(volunteer, wanted, at)
    word = _make(volunteer, wanted, grant, by)
    with acting(by=by, at=at, grant=grant) as act:
        unit = word.unit.number
        act.record(Acts.WORD_NOTED, f"volunteer.{volunteer.pk}", word=str(word.pk), how=word.how, unit=unit)
        act.tell(volunteer.topic, WakingChanged(waking=waking_of(volunteer, at=at)))
    return Made(word_out(word), is_new=True)


@transaction.atomic
def end_word(*, volunteer: Volunteer, word_id: UUID, by: User, at: datetime) -> None:
    """End a leader's word: its person does at any time, and those who look after the person. Again changes nothing.

    Locks the volunteer. Raises NotFound.
    """
    grant = require(may_end_word(by, volunteer, at))
    locked = volunteers_to_lock().get(pk=volunteer.pk)
    words = LeadersWord.objects.filter(volunteer=locked, pk=word_id)
    require(words.exists())
    if not words.in_force(at).exists():
        return
    with acting(by=by, at=at, grant=grant) as act:
        end_words(words, locked, act=act)
        act.tell(locked.topic, WakingChanged(waking=waking_of(locked, at=at)))


def end_words(words: LeadersWordQuerySet, volunteer: Volunteer, *, act: Act) -> int:
    """End some words of a volunteer, who is locked; their hours go at once. Returns how many held."""
    held = list(words.in_force(act.at))
    for word in held:
        word.save(update_fields=word.end(by=act.by, at=act.at))
        act.record(Acts.WORD_ENDED, f"volunteer.{volunteer.pk}", word=str(word.pk))
    WakingHours.objects.filter(word__in=held).delete()
    return len(held)


@transaction.atomic
def forget_words(*, at: datetime) -> int:
    """Delete the words that ended, or ran out, more than a year ago; returns how many."""
    words = LeadersWord.objects.over_since(at - KEPT)
    count = words.count()
    if count:
        words.delete()
        with acting(by=None, at=at) as act:
            act.record(Acts.WAKING_FORGOTTEN, "waking", count=count)
    return count


def _read(words: QuerySet[LeadersWord]) -> LeadersWord | None:
    return words.select_related("unit", "by__volunteer").first()


def _same(known: LeadersWord, volunteer: Volunteer, wanted: LeadersWordIn, by: User) -> LeadersWordOut:
    kept = (known.volunteer_id, known.by_id, known.categories, known.how, known.said_at)
    require(kept == (volunteer.pk, by.pk, wanted.categories, wanted.how, wanted.said_at), WordIdTaken)
    return word_out(known)


def _check(volunteer: Volunteer, wanted: LeadersWordIn, at: datetime) -> None:
    """Raise the reason why a word is not noted."""
    if not at - SAID_WITHIN <= wanted.said_at <= at:
        raise Invalid(errors=[{"pointer": "/said_at", "detail": "must lie in the week before now"}])
    words = LeadersWord.objects.filter(volunteer=volunteer)
    said = Waking.objects.filter(volunteer=volunteer).first()
    if said is not None:
        require(not set(said.refused_categories) & set(wanted.categories), RefusedByPerson)
    own_ends = words.filter(ended_by=volunteer.user).aggregate(last=Max("ended_at"))
    since = [moment for moment in (said and said.said_at, own_ends["last"]) if moment]
    require(all(moment < wanted.said_at for moment in since), SaidOtherwiseSince)
    require(words.in_force(at).count() < MOST_WORDS, TooManyWords)


def _make(volunteer: Volunteer, wanted: LeadersWordIn, grant: Grant, by: User) -> LeadersWord:
    word = LeadersWord(
        pk=wanted.id,
        volunteer=volunteer,
        unit=_unit_of(volunteer, grant),
        by=by,
        categories=wanted.categories,
        how=wanted.how,
        said_at=wanted.said_at,
        until_at=wanted.said_at + WORD_LASTS,
    )
    with unless_taken(WordIdTaken):
        word.save(force_insert=True)
    WakingHours.objects.bulk_create(
        WakingHours(
            volunteer=volunteer,
            word=word,
            refused=False,
            category=category,
            from_minute=0,
            until_minute=DAY_MINUTES,
            until_at=word.until_at,
        )
        for category in wanted.categories
    )
    return word


def _unit_of(volunteer: Volunteer, grant: Grant) -> Unit:
    """Return the unit of the person for which the leader speaks: the primary one, if the leader's post covers it."""
    above = grant.post.unit.path if grant.post else ""
    rows = volunteer.memberships.select_related("unit").filter(unit__path__startswith=above)
    found = rows.order_by("-is_primary", "unit__path").first()
    if found is None:
        raise NotFound
    return found.unit
