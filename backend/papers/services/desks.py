"""What desks enter in an occasion: people who were trained, who signed, and whose age they attest."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.lib import pictures
from backend.lib.errors import Invalid, NotAllowed, NotFound, require
from backend.lib.problems import MAX_NAMED
from backend.papers.models import Briefing, Occasion, PaperKind, Sheet, SignedList
from backend.papers.rules import may_attest, may_enter, may_train
from backend.papers.schemas import AgreementIn, AttestationIn, BriefingIn
from backend.papers.services.refusals import KnownMinor, OccasionOver, PaperOfOneself, TrainerNotEntitled
from backend.papers.services.sheets import NO_SUCH_NUMBER, enter_sheet, key_of, known_sheet, lock_people
from backend.volunteers.grants import Grant
from backend.volunteers.models import Volunteer, adult_if_born_until
from backend.volunteers.queries.numbers import volunteer_numbered


@transaction.atomic
def brief(*, occasion_id: UUID, wanted: BriefingIn, by: User, at: datetime) -> Sheet:
    """Enter people whom an entitled trainer has trained. The same id and content again is the same sheet.

    Locks the volunteers. Raises NotFound to callers who are no desk and do not manage the unit, OccasionOver,
    TrainerNotEntitled, PaperOfOneself for a trainer among the people, and what `lock_people` and `known_sheet` raise.
    """
    occasion, grant = _entered_by(occasion_id, by, at)
    key = key_of(wanted, PaperKind.TRAINING, occasion.pk)
    if known := known_sheet(wanted.id, key, by):
        return known
    require(not occasion.is_over(at), OccasionOver)
    people = lock_people(wanted.people, by=by)
    trainer = _trainer(wanted.trainer)
    require(may_train(trainer, occasion, at), TrainerNotEntitled)
    require(trainer not in people, PaperOfOneself)
    with acting(by=by, at=at, grant=grant) as act:
        sheet, created = enter_sheet(
            id=wanted.id, kind=PaperKind.TRAINING, key=key, people=people, occasion=occasion, act=act
        )
        if created:
            Briefing.objects.create(
                sheet=sheet, trainer=trainer, content=wanted.content, minutes=wanted.minutes
            )
    return sheet


def sign_list(*, occasion_id: UUID, wanted: AgreementIn, by: User, at: datetime) -> Sheet:
    """Enter people who signed the agreement on a list, with its photo, which is kept sealed.

    The same id and content again is the same sheet. Locks the volunteers. Raises NotFound as `brief` does,
    OccasionOver, Invalid for what is no picture, Busy, and what `lock_people` and `known_sheet` raise.
    """
    _entered_by(occasion_id, by, at)  # before a caller without the right has a picture decoded
    with pictures.sent_at("/photo"):
        jpeg = pictures.paper(wanted.photo)  # before the transaction: decoding takes its turn
    return _sign(occasion_id, wanted, jpeg, by, at)


@transaction.atomic
def _sign(occasion_id: UUID, wanted: AgreementIn, jpeg: bytes, by: User, at: datetime) -> Sheet:
    occasion, grant = _entered_by(occasion_id, by, at)
    key = key_of(wanted, PaperKind.AGREEMENT, occasion.pk)
    if known := known_sheet(wanted.id, key, by):
        return known
    require(not occasion.is_over(at), OccasionOver)
    people = lock_people(wanted.people, by=by)
    with acting(by=by, at=at, grant=grant) as act:
        sheet, created = enter_sheet(
            id=wanted.id, kind=PaperKind.AGREEMENT, key=key, people=people, occasion=occasion, act=act
        )
        if created:
            signed = SignedList(sheet=sheet, with_risk_notice=wanted.with_risk_notice)
            signed.photo = b64encode(jpeg).decode()
            signed.save(force_insert=True)
    return sheet


@transaction.atomic
def attest(*, occasion_id: UUID, wanted: AttestationIn, by: User, at: datetime) -> Sheet:
    """Attest that people are 18, each by a document that the caller has seen; never of the caller.

    The same id and content again is the same sheet. Locks the volunteers. Raises NotFound as `brief` does, NotAllowed
    to those who manage the unit and hold no desk, OccasionOver, KnownMinor, and what `lock_people` and `known_sheet`
    raise.
    """
    occasion, _ = _entered_by(occasion_id, by, at)
    grant = require(may_attest(by, occasion, at), NotAllowed)
    key = key_of(wanted, PaperKind.ADULTHOOD, occasion.pk)
    if known := known_sheet(wanted.id, key, by):
        return known
    require(not occasion.is_over(at), OccasionOver)
    people = lock_people([one.volunteer for one in wanted.people], by=by, pointer="/people/{}/volunteer")
    _refuse_minors(people, at)
    seen = [one.document for one in wanted.people]
    with acting(by=by, at=at, grant=grant) as act:
        sheet, _ = enter_sheet(
            id=wanted.id,
            kind=PaperKind.ADULTHOOD,
            key=key,
            people=people,
            occasion=occasion,
            documents=dict(zip((one.pk for one in people), seen, strict=True)),
            act=act,
        )
    return sheet


def _entered_by(occasion_id: UUID, by: User, at: datetime) -> tuple[Occasion, Grant]:
    occasion = require(Occasion.objects.select_related("unit").filter(pk=occasion_id).first())
    return occasion, require(may_enter(by, occasion, at))


def _trainer(number: str) -> Volunteer:
    try:
        return volunteer_numbered(number)
    except NotFound as error:
        raise Invalid(errors=[{"pointer": "/trainer", "detail": NO_SUCH_NUMBER}]) from error


def _refuse_minors(people: Sequence[Volunteer], at: datetime) -> None:
    """Raise KnownMinor, naming the places in the list, when a date of birth says that a person is under 18."""
    adult = adult_if_born_until(at)
    minors = [index for index, one in enumerate(people) if one.born_on is not None and one.born_on > adult]
    if minors:
        detail = "is under 18 by the date of birth on record"
        named = [{"pointer": f"/people/{index}/volunteer", "detail": detail} for index in minors[:MAX_NAMED]]
        raise KnownMinor(errors=named)
