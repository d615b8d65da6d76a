"""The conditions for accepting a task, besides an offer: what the law asks for is checked at accepting too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
from backend.volunteers.models import Volunteer, adult_if_born_until


@dataclass(frozen=True, slots=True)
class Fitness:
    """What was read of the volunteers who answer one task: valid credentials, and agreement of guardians.

    `fit` have valid credentials. `guarded` need the agreement of a guardian and have it.
    """

    at: datetime
    dangerous: bool
    for_adults: bool
    fit: frozenset[int]
    guarded: frozenset[int]

    @classmethod
    def of(cls, task: Task, parts: Sequence[Assignment], at: datetime) -> "Fitness":
        """Read it: no query for ordinary work of adults, one for dangerous service, one when minors answer."""
        people = [part.volunteer for part in parts]
        minors = [person.pk for person in people if _is_minor(person, at)]
        dangerous = is_dangerous(task)
        return cls(
            at=at,
            dangerous=dangerous,
            for_adults=is_for_adults(task),
            fit=frozenset(queries.fit_for(task, [person.pk for person in people]) if dangerous else ()),
            guarded=frozenset(queries.with_guardian(minors, at) if minors else ()),
        )

    def check(self, person: Volunteer, answer: AnswerIn, at: datetime) -> None:
        """Raise the reason why a volunteer may not accept.

        ForAdultsOnly, GuardianDisagrees, CredentialsMissing, RiskNotAcknowledged. NotFound for a volunteer who was
        erased since.
        """
        self._check_person(person, at)
        if self.dangerous and not answer.risk_acknowledged:
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
        if self.for_adults and not person.is_adult(at):
            raise ForAdultsOnly
        if _is_minor(person, at) and person.pk not in self.guarded:
            raise GuardianDisagrees
        if self.dangerous and person.pk not in self.fit:
            raise CredentialsMissing


def _is_minor(person: Volunteer, at: datetime) -> bool:
    return person.born_on is not None and person.born_on > adult_if_born_until(at)
