"""An occasion of the detachment with four desks, and people without any paper."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, Protocol

import pytest
from PIL import Image
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import services as dispatch
from backend.dispatch.models import Assignment, Task
from backend.dispatch.schemas import AnswerIn, CallOutIn, TaskIn
from backend.papers.models import Occasion, Policy
from backend.papers.schemas import (
    AgreementIn,
    AttestationIn,
    BriefingIn,
    InsuredIn,
    OccasionIn,
    PolicyIn,
)
from backend.papers.services.desks import attest, brief, sign_list
from backend.papers.services.occasions import name_desk, open_occasion
from backend.papers.services.policies import insure, record_policy
from backend.volunteers.models import Post, Role, Unit, Volunteer
from backend.volunteers.services import appoint
from tests.builders import crowd as crowd_of
from tests.builders import task_body
from tests.conftest import Formation, MakeVolunteer

People = Sequence[Volunteer]


def numbers(people: People) -> list[str]:
    """Return how a desk names people."""
    return [f"{one.number:08d}" for one in people]


def photo(width: int = 400, height: int = 300) -> str:
    """Return the photo of a signed list as a phone sends it."""
    picture = BytesIO()
    Image.new("RGB", (width, height), "white").save(picture, "JPEG")
    return b64encode(picture.getvalue()).decode()


class MakeOccasion(Protocol):
    """Opens an occasion of a unit, the detachment unless it is given; it runs from an hour ago, for three days."""

    def __call__(self, unit: Unit | None = None, **changes: Any) -> Occasion: ...


@pytest.fixture
def make_occasion(formation: Formation, commander: User, at: datetime) -> MakeOccasion:
    def make(unit: Unit | None = None, **changes: Any) -> Occasion:
        wanted = {
            "id": str(uuid7()),
            "unit": (unit or formation.detachment).number,
            "name": "寻人",
            "from_at": at - timedelta(hours=1),
            "until_at": at + timedelta(days=3),
        }
        return open_occasion(wanted=OccasionIn.model_validate(wanted | changes), by=commander, at=at)

    return make


@pytest.fixture
def occasion(make_occasion: MakeOccasion) -> Occasion:
    """Open an occasion of the detachment that runs."""
    return make_occasion()


@pytest.fixture
def make_desk(
    formation: Formation, commander: User, make_volunteer: MakeVolunteer, at: datetime
) -> Callable[[Occasion], User]:
    """Return a maker of desks: a member's post in squadron C, which directs and manages nothing."""

    def make(occasion: Occasion) -> User:
        holder = make_volunteer(formation.squadron_c, name="登记员")
        post: Post = appoint(volunteer=holder, unit=formation.squadron_c, role=Role.MEMBER, by=None, at=at)
        name_desk(occasion_id=occasion.pk, post_id=post.pk, by=commander, at=at)
        return holder.user

    return make


@pytest.fixture
def desk(occasion: Occasion, make_desk: Callable[[Occasion], User]) -> User:
    """Return the holder of a desk of the occasion."""
    return make_desk(occasion)


@pytest.fixture
def crowd(formation: Formation, at: datetime) -> Callable[[int], list[Volunteer]]:
    """Return a maker of people in squadron A: on duty, without papers and without a date of birth."""
    return partial(crowd_of, unit=formation.squadron_a, at=at)


class Desks:
    """What desks enter, in one line each."""

    def __init__(self, occasion: Occasion, commander: User, at: datetime) -> None:
        self.occasion, self.commander, self.at = occasion, commander, at

    def policy(self, **changes: Any) -> Policy:
        """Note a policy of the occasion for ten thousand people."""
        wanted = {
            "id": str(uuid7()),
            "unit": self.occasion.unit.number,
            "occasion": str(self.occasion.pk),
            "insurer": "人保",
            "number": "PICC-1",
            "from_at": self.occasion.from_at,
            "until_at": self.occasion.until_at,
            "places": 10_000,
        }
        return record_policy(wanted=PolicyIn.model_validate(wanted | changes), by=self.commander, at=self.at)

    def insure(self, by: User, people: People, policy: Policy | None = None, /, **changes: Any) -> Any:
        wanted = {"id": str(uuid7()), "people": numbers(people)} | changes
        policy = policy or self.policy()
        return insure(policy_id=policy.pk, wanted=InsuredIn.model_validate(wanted), by=by, at=self.at)

    def brief(self, by: User, people: People, /, **changes: Any) -> Any:
        wanted = {
            "id": str(uuid7()),
            "trainer": numbers([self.commander.volunteer])[0],
            "content": "搜救安全",
            "minutes": 20,
            "people": numbers(people),
        }
        body = BriefingIn.model_validate(wanted | changes)
        return brief(occasion_id=self.occasion.pk, wanted=body, by=by, at=self.at)

    def sign(self, by: User, people: People, /, **changes: Any) -> Any:
        wanted = {"id": str(uuid7()), "photo": photo(), "people": numbers(people)} | changes
        return sign_list(
            occasion_id=self.occasion.pk, wanted=AgreementIn.model_validate(wanted), by=by, at=self.at
        )

    def attest(self, by: User, people: People, /, **changes: Any) -> Any:
        seen = [{"volunteer": number, "document": "identity_card"} for number in numbers(people)]
        wanted = {"id": str(uuid7()), "people": seen} | changes
        return attest(
            occasion_id=self.occasion.pk, wanted=AttestationIn.model_validate(wanted), by=by, at=self.at
        )

    def everything(self, by: User, people: People, **signing: Any) -> None:
        """Enter people for all that the law asks for."""
        self.insure(by, people)
        self.brief(by, people)
        self.sign(by, people, **signing)
        self.attest(by, people)


@pytest.fixture
def desks(occasion: Occasion, commander: User, at: datetime) -> Desks:
    return Desks(occasion, commander, at)


class MakeRescue(Protocol):
    """Makes a rescue task of squadron A that starts in two hours, in the occasion unless it is given."""

    def __call__(self, occasion: Occasion | None, **changes: Any) -> Task: ...


@pytest.fixture
def rescue(formation: Formation, commander: User, at: datetime) -> MakeRescue:
    def make(occasion: Occasion | None, **changes: Any) -> Task:
        needed = {
            "category": "rescue",
            "headcount": 1_000,
            "occasion": str(occasion.pk) if occasion else None,
        }
        body = task_body(formation.squadron_a.number, at, **needed | changes)
        return dispatch.create_task(wanted=TaskIn.model_validate(body), by=commander, at=at)

    return make


@pytest.fixture
def call(formation: Formation, commander: User, at: datetime) -> Callable[[Task], set[int]]:
    """Return a caller of squadron A: it returns the keys of the volunteers who are asked."""

    def call(task: Task) -> set[int]:
        wanted = CallOutIn(id=uuid7(), units=[formation.squadron_a.number])
        sent = dispatch.call_out(task_id=task.pk, wanted=wanted, by=commander, at=at)
        asked = Assignment.objects.filter(through__call_out=sent)
        return set(asked.values_list("volunteer", flat=True))

    return call


@pytest.fixture
def accept(at: datetime) -> Callable[..., Assignment]:
    """Return the acceptance of a task; the risk was read of, unless it is said otherwise."""

    def accept(task: Task, one: Volunteer, *, risk: bool = True, at: datetime = at) -> Assignment:
        answer = AnswerIn(answer="accept", risk_acknowledged=risk)
        user = User.objects.get(volunteer=one)
        return dispatch.answer_offer(task_id=task.pk, answer=answer, by=user, at=at)

    return accept
