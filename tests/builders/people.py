"""Builds volunteers with their accounts, and all that the law asks of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from django.db.models import F
from factory.declarations import LazyAttribute, LazyFunction
from factory.declarations import Sequence as Counted
from factory.django import DjangoModelFactory
from uuid6 import uuid7

from backend.accounts.models import User
from backend.volunteers import services
from backend.volunteers.consents import current_version
from backend.volunteers.models import (
    Consent,
    Credential,
    CredentialKind,
    Membership,
    NumberCounter,
    Purpose,
    Role,
    Series,
    Skill,
    Unit,
    UnitCount,
    Volunteer,
)
from backend.volunteers.services.counts import Counts, change_counts
from backend.volunteers.services.numbers import take_numbers
from backend.volunteers.services.roster import roster_fields
from tests.builders.records import GuardianFactory

PASSWORD = "correct horse battery"
YEAR = timedelta(days=365)
DUTY = timedelta(hours=8)


class VolunteerFactory(DjangoModelFactory[Volunteer]):
    """A volunteer in a unit, or in none: an adult on duty who has all papers and agrees to being located.

    `at` is the moment of the test. Duty begins then; consents are older by three years, papers by one. What follows
    from these few is no declaration of its own: each costs a hundredth of what the whole person does.
    """

    class Meta:
        model = Volunteer

    serial = Counted(lambda n: n)
    at = LazyFunction(lambda: datetime.now(UTC).replace(microsecond=0))
    name = LazyAttribute(lambda one: f"志愿者{one.serial}")
    phone: Any = LazyAttribute(lambda one: f"1380000{one.serial:04d}")
    unit: Any = None
    on_duty = True

    @classmethod
    def _create(
        cls,
        model_class: type[Volunteer],
        *args: Any,
        serial: int,
        at: datetime,
        phone: str | None,
        unit: Unit | None,
        on_duty: bool,
        adult: bool = True,
        consents: bool = True,
        papers: bool = True,
        skills: Iterable[str] = (),
        series: Series = Series.LIFE,
        password: str | None = PASSWORD,
        **columns: Any,
    ) -> Volunteer:
        columns.setdefault("born_on", date(1980, 1, 1) if adult else at.date() - 15 * YEAR)
        columns |= {"duty_since": at, "duty_until": at + DUTY} if on_duty else {}
        if consents:
            words = current_version(Purpose.LOCATION)
            columns |= {"location_consent_at": at - 3 * YEAR, "location_consent_version": words}
        user = User.objects.create_user(phone, password)
        volunteer = model_class.objects.create(user=user, number=next_number(series), **columns)
        for code in skills:
            volunteer.skills.add(Skill.objects.get_or_create(code=code, defaults={"name": code})[0])
        if unit is not None:
            join(volunteer, unit, is_primary=True, at=at)
        if consents:
            _agree(volunteer, at - 3 * YEAR)
        if papers:
            _give_papers(volunteer, adult, at - YEAR)
        return volunteer


def next_number(series: Series = Series.LIFE) -> int:
    """Issue a number as the product does, without its lock: a test alone issues them."""
    return _take(series, 1)[0]


def _take(series: Series, count: int) -> list[int]:
    counter, _ = NumberCounter.objects.get_or_create(pk=series.value)
    return take_numbers(counter, count)


def join(
    volunteer: Volunteer, unit: Unit, *, is_primary: bool = False, at: datetime | None = None
) -> Membership:
    """Make a volunteer a member of a unit; with the primary one they are counted there."""
    fields = roster_fields(volunteer.name, unit.path)
    membership = Membership.objects.create(volunteer=volunteer, unit=unit, is_primary=is_primary, **fields)
    if is_primary:
        on_duty = int(volunteer.duty_since is not None)
        added = {"members": F("members") + 1, "on_duty": F("on_duty") + on_duty}
        if not UnitCount.objects.filter(unit=unit.pk).update(**added):
            assert at is not None
            change_counts({unit.pk: Counts(members=1, on_duty=on_duty)}, at=at)
    return membership


def _agree(volunteer: Volunteer, since: datetime) -> None:
    words = current_version(Purpose.LOCATION)
    Consent.objects.create(volunteer=volunteer, purpose=Purpose.LOCATION, version=words, given_at=since)


def _give_papers(volunteer: Volunteer, adult: bool, since: datetime) -> None:
    """Insure, train and bind an adult; find a minor a guardian who agrees."""
    if not adult:
        GuardianFactory.create(volunteer=volunteer, consent_at=since)
        return
    Credential.objects.bulk_create(
        [Credential(pk=uuid7(), volunteer=volunteer, kind=kind, valid_from=since) for kind in CredentialKind]
    )


def crowd(
    count: int, unit: Unit, at: datetime, *, numbers: Sequence[int] | None = None, name: str = "某人"
) -> list[Volunteer]:
    """Make many people on duty in a unit, in a statement for each table: without papers and without a date of birth.

    No person can sign in as one of them. The unit's count is left as it is.
    """
    numbers = _take(Series.LIFE, count) if numbers is None else numbers
    users = User.objects.bulk_create([User(password="!") for _ in numbers])
    people = Volunteer.objects.bulk_create(
        [
            Volunteer(user=user, number=n, name=name, duty_since=at, duty_until=at + DUTY)
            for user, n in zip(users, numbers, strict=True)
        ]
    )
    columns = roster_fields(name, unit.path)
    Membership.objects.bulk_create(
        [Membership(volunteer=one, unit=unit, is_primary=True, **columns) for one in people]
    )
    return people


class MakeVolunteer(Protocol):
    """Makes a volunteer in a unit, or in none; sign in with their number and `tests.builders.PASSWORD`.

    Everything the law asks for is there unless it is left out: adults are insured, trained and bound by an agreement,
    minors have a guardian who agrees, and all agree to being located.
    """

    def __call__(
        self,
        unit: Unit | None,
        *,
        on_duty: bool = True,
        skills: Iterable[str] = (),
        adult: bool = True,
        name: str = ...,
        consents: bool = True,
        papers: bool = True,
    ) -> Volunteer: ...


def factory_of_volunteers(at: datetime) -> MakeVolunteer:
    """Return a factory whose volunteers are insured and so on since a year before this moment."""
    VolunteerFactory.reset_sequence(1)

    def make(unit: Unit | None, **given: Any) -> Volunteer:
        return VolunteerFactory.create(unit=unit, at=at, **given)

    return make


def posted(volunteer: Volunteer, role: Role, at: datetime) -> User:
    """Give a volunteer a post in their primary unit."""
    unit = volunteer.memberships.get(is_primary=True).unit
    services.appoint(volunteer=volunteer, unit=unit, role=role, by=None, at=at)
    return volunteer.user
