"""Desks enter trainings, signed lists and ages; who may, what is refused, and what is recorded of it."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import pydantic
import pytest
from PIL import Image
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.encryption import newest_key
from backend.lib.errors import Invalid, NotAllowed, NotFound
from backend.papers.models import Line, Sheet, SignedList
from backend.papers.schemas import AgreementIn
from backend.papers.services.occasions import close_occasion
from backend.papers.services.refusals import (
    KnownMinor,
    OccasionOver,
    PaperOfOneself,
    SheetIdTaken,
    TrainerNotEntitled,
)
from backend.volunteers.models import AccessEntry, NumberAlias, Role, Volunteer
from backend.volunteers.services import appoint
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient
from tests.papers.conftest import Desks, MakeOccasion, numbers, photo

Crowd = Callable[[int], list[Volunteer]]
ClientOf = Callable[[User], SignedInClient]
KINDS = ("brief", "sign", "attest")
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", KINDS)
def test_callers_without_a_desk_enter_nothing(
    kind: str,
    desks: Desks,
    crowd: Crowd,
    leader: User,
    sibling_leader: User,
    stranger: User,
    volunteer: User,
    desk: User,
    make_occasion: MakeOccasion,
    commander: User,
    at: datetime,
) -> None:
    people = crowd(1)
    for user in (leader, sibling_leader, stranger, volunteer):
        with pytest.raises(NotFound):
            getattr(desks, kind)(user, people)
    other = Desks(make_occasion(), commander, at)
    with pytest.raises(NotFound):  # the desk is one of another occasion
        getattr(other, kind)(desk, people)
    assert not Line.objects.exists()


def test_an_age_is_attested_by_a_named_post_alone(desks: Desks, desk: User, crowd: Crowd) -> None:
    people = crowd(1)
    with pytest.raises(NotAllowed):
        desks.attest(desks.commander, people)  # who commands the occasion has named no such post for it
    desks.attest(desk, people)

    line = Line.objects.select_related("sheet").get()
    assert (line.document, line.sheet.entered_by, line.sheet.at) == ("identity_card", desk, desks.at)


@pytest.mark.parametrize("kind", KINDS)
def test_no_desk_enters_a_paper_of_its_holder(kind: str, desks: Desks, desk: User, crowd: Crowd) -> None:
    with pytest.raises(PaperOfOneself):
        getattr(desks, kind)(desk, [*crowd(1), desk.volunteer])
    assert not Line.objects.exists()


def test_an_attester_with_a_second_number_is_the_same_person(
    desks: Desks, desk: User, make_volunteer: MakeVolunteer, formation: Formation
) -> None:
    """A number that a person had before leads to the person: it is no way to attest oneself."""
    NumberAlias.objects.create(number=23456781, volunteer=desk.volunteer)
    with pytest.raises(PaperOfOneself):
        desks.insure(desk, [], people=["23456781"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_occasion_takes_nothing_and_a_retry_is_answered(
    kind: str, desks: Desks, desk: User, crowd: Crowd, commander: User, at: datetime
) -> None:
    people, id = crowd(2), str(uuid7())
    first = getattr(desks, kind)(desk, people, id=id)
    close_occasion(occasion_id=desks.occasion.pk, by=commander, at=at)

    assert getattr(desks, kind)(desk, people, id=id) == first
    with pytest.raises(OccasionOver):
        getattr(desks, kind)(desk, people)
    assert Line.objects.count() == 2


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_stands_for_one_sheet(kind: str, desks: Desks, desk: User, crowd: Crowd) -> None:
    one, other = crowd(2)
    id = str(uuid7())
    getattr(desks, kind)(desk, [one], id=id)

    with pytest.raises(SheetIdTaken):
        getattr(desks, kind)(desk, [other], id=id)
    for another in KINDS:
        if another != kind:
            with pytest.raises(SheetIdTaken):
                getattr(desks, another)(desk, [one], id=id)
    assert Line.objects.count() == 1
    (line,) = Entry.objects.filter(act="papers.entered")
    assert line.details == {"sheet": id, "kind": Sheet.objects.get().kind, "count": 1}


@pytest.mark.postgres
@pytest.mark.parametrize("kind", KINDS)
def test_two_requests_with_one_id_are_one_sheet(
    race: Race, kind: str, desks: Desks, desk: User, crowd: Crowd
) -> None:
    people, id = crowd(3), str(uuid7())

    first, second = race(*[lambda: getattr(desks, kind)(desk, people, id=id)] * 2)

    assert first == second
    assert (Line.objects.count(), Entry.objects.filter(act="papers.entered").count()) == (3, 1)


def test_a_trainer_has_a_post_that_manages_or_a_training_of_their_own(
    desks: Desks, desk: User, crowd: Crowd, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    people = crowd(1)
    briefed = crowd(1)[0]
    desks.brief(desk, [briefed])
    elsewhere = make_volunteer(formation.squadron_a, papers=False)
    appoint(volunteer=elsewhere, unit=formation.squadron_a, role=Role.LEADER, by=None, at=at)
    for wrong in (briefed, elsewhere):
        with pytest.raises(TrainerNotEntitled):
            desks.brief(desk, people, trainer=numbers([wrong])[0])
    trained = make_volunteer(None)
    assert desks.brief(desk, people, trainer=numbers([trained])[0]).briefing.trainer == trained
    trained.credentials.update(valid_until=at)
    with pytest.raises(TrainerNotEntitled):
        desks.brief(desk, people, trainer=numbers([trained])[0])


def test_a_trainer_trains_others_and_has_a_number(desks: Desks, desk: User, crowd: Crowd) -> None:
    with pytest.raises(PaperOfOneself):
        desks.brief(desk, [*crowd(1), desks.commander.volunteer])
    with pytest.raises(Invalid) as refused:
        desks.brief(desk, crowd(1), trainer="10000005")
    assert [error["pointer"] for error in refused.value.errors] == ["/trainer"]
    bad: list[dict[str, Any]] = [{"content": ""}, {"minutes": 0}, {"minutes": 1_441}, {"people": []}]
    for wrong in bad:
        with pytest.raises(pydantic.ValidationError):
            desks.brief(desk, crowd(1), **wrong)


def test_a_list_without_its_photo_is_refused(
    desks: Desks, desk: User, crowd: Crowd, client_of: ClientOf
) -> None:
    body = {"id": str(uuid7()), "people": numbers(crowd(1))}
    address = f"/api/v1/occasions/{desks.occasion.pk}/agreements"
    client = client_of(desk)

    answers = [
        client.post(address, body | extra, format="json")
        for extra in ({}, {"photo": ""}, {"photo": "bm8gcGljdHVyZQ=="}, {"photo": None})
    ]

    assert [answer.status_code for answer in answers] == [422] * 4
    assert {answer.json()["errors"][0]["pointer"] for answer in answers} == {"/photo"}
    assert not Sheet.objects.exists()


def test_the_photo_is_kept_sealed_and_shown_to_those_who_manage_the_unit(
    desks: Desks,
    desk: User,
    crowd: Crowd,
    commander: User,
    leader: User,
    client_of: ClientOf,
) -> None:
    people = crowd(2)
    sheet = desks.sign(desk, people, photo=photo(2_000, 1_500))
    kept = SignedList.objects.get()
    assert kept.photo_sealed.split(":")[0] == newest_key()
    assert kept.photo not in kept.photo_sealed
    address = f"/api/v1/occasions/{desks.occasion.pk}/agreements/{sheet.pk}/photo"

    shown = client_of(commander).get(address)

    assert shown["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(shown.content)).size == (1_600, 1_200)
    looks = AccessEntry.objects.filter(viewer=commander, what="records")
    assert set(looks.values_list("subject", flat=True)) == {one.pk for one in people}
    assert client_of(leader).get(address).status_code == 404
    assert client_of(desk).get(address).status_code == 404


def test_a_known_minor_is_not_attested_and_the_place_in_the_list_is_named(
    desks: Desks, desk: User, crowd: Crowd, make_volunteer: MakeVolunteer, formation: Formation
) -> None:
    minor = make_volunteer(formation.squadron_a, adult=False)

    with pytest.raises(KnownMinor) as refused:
        desks.attest(desk, [*crowd(1), minor])

    assert [error["pointer"] for error in refused.value.errors] == ["/people/1/volunteer"]
    assert not Line.objects.exists()


def test_two_hundred_people_come_in_one_request_and_no_more(
    desks: Desks, desk: User, crowd: Crowd, client_of: ClientOf
) -> None:
    people = numbers(crowd(200))
    client = client_of(desk)
    address = f"/api/v1/occasions/{desks.occasion.pk}/attestations"
    seen = [{"volunteer": number, "document": "passport"} for number in people]

    first = client.post(address, {"id": str(uuid7()), "people": seen}, format="json")
    more = client.post(address, {"id": str(uuid7()), "people": [*seen, seen[0]]}, format="json")

    assert (first.status_code, first.json()["count"], more.status_code) == (201, 200, 422)


def test_a_photo_is_bounded(at: datetime) -> None:
    body = {"id": str(uuid7()), "people": ["23456781"], "photo": "A" * 1_000_000}

    with pytest.raises(pydantic.ValidationError):
        AgreementIn.model_validate(body)


def test_the_record_tells_no_names_and_no_values(desks: Desks, desk: User, crowd: Crowd) -> None:
    (one,) = crowd(1)
    desks.everything(desk, [one])

    for line in Entry.objects.filter(act__in=["papers.entered", "policy.recorded", "occasion.opened"]):
        text = f"{line.subject} {line.details}"
        for secret in (str(one.number), one.name, "搜救安全", "PICC-1", "人保", "identity_card", "寻人"):
            assert secret not in text
    assert Entry.objects.filter(act="papers.entered").count() == 4
