"""The conditions for accepting a task, besides an offer: what the law asks for is checked at accepting too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from backend.dispatch import queries
from backend.dispatch.models import Assignment, Task
from backend.dispatch.rules import is_dangerous, is_for_adults
from backend.dispatch.schemas import AnswerIn
from backend.dispatch.services.refusals import (
    CredentialsMissing,
    ForAdultsOnly,
    GuardianDisagrees,
    RiskNotAcknowledged,
)
from backend.lib.errors import NotFound, Refusal
from backend.papers.queries import attested_among, warned_among
from backend.volunteers.models import Volunteer, adult_if_born_until


@dataclass(frozen=True, slots=True)
class Fitness:
    """What was read of the volunteers who answer one task: valid credentials, and agreement of guardians.

    `fit` have valid credentials, their own or collective ones. `guarded` need the agreement of a guardian and have it.
    `attested` are of age by a document that a desk of the task's occasion has seen, and `warned` have signed its notice
    of the risks.
    """

    at: datetime
    dangerous: bool
    for_adults: bool
    fit: frozenset[int]
    guarded: frozenset[int]
    attested: frozenset[int]
    warned: frozenset[int]

    @classmethod
    def of(cls, task: Task, parts: Sequence[Assignment], at: datetime) -> "Fitness":
        """Read it: no query for ordinary work of adults, one for dangerous service, one when minors answer.

        In an occasion two more for dangerous service, or one for work at night.
        """
        people = [part.volunteer for part in parts]
        minors = [person.pk for person in people if _is_minor(person, at)]
        dangerous, for_adults = is_dangerous(task), is_for_adults(task)
        return cls(
            at=at,
            dangerous=dangerous,
            for_adults=for_adults,
            fit=frozenset(queries.fit_for(task, [person.pk for person in people]) if dangerous else ()),
            guarded=frozenset(queries.with_guardian(minors, at) if minors else ()),
            attested=_of_occasion(attested_among, task, people) if for_adults else frozenset(),
            warned=_of_occasion(warned_among, task, people) if dangerous else frozenset(),
        )

    def check(self, person: Volunteer, answer: AnswerIn, at: datetime) -> None:
        """Raise the reason why a volunteer may not accept.

        ForAdultsOnly, GuardianDisagrees, CredentialsMissing, RiskNotAcknowledged. NotFound for a volunteer who was
        erased since.
        """
        self._check_person(person, at)
        if self.dangerous and not answer.risk_acknowledged and person.pk not in self.warned:
            raise RiskNotAcknowledged

    def still_lets(self, person: Volunteer) -> bool:
        """Tell whether a volunteer in the reserve may have a place now."""
        try:
            self._check_person(person, self.at)
        except Refusal:
            return False
        return True

    def _check_person(self, person: Volunteer, at: datetime) -> None:
        if person.erased_at is not None:
            raise NotFound
        attested = person.born_on is None and person.pk in self.attested
        if self.for_adults and not (attested or person.is_adult(at)):
            raise ForAdultsOnly
        if _is_minor(person, at) and person.pk not in self.guarded:
            raise GuardianDisagrees
        if self.dangerous and person.pk not in self.fit:
            raise CredentialsMissing


class _Among(Protocol):
    def __call__(self, people: Collection[int], at: datetime, *, occasion: UUID) -> set[int]: ...


def _of_occasion(among: _Among, task: Task, people: Sequence[Volunteer]) -> frozenset[int]:
    """Return those of whom a paper of the task's occasion says it when the task begins; none without an occasion."""
    if task.occasion_id is None:
        return frozenset()
    return frozenset(among([one.pk for one in people], task.starts_at, occasion=task.occasion_id))


def _is_minor(person: Volunteer, at: datetime) -> bool:
    return person.born_on is not None and person.born_on > adult_if_born_until(at)
