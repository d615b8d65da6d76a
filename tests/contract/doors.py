"""Every door of the product as the code itself lists them, and the people who try them."""

from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.apps import apps
from django.urls import URLPattern, URLResolver
from PIL import Image
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import DeviceIn, Tokens
from backend.accounts.services.devices import revoke_device, sign_in
from backend.accounts.tokens import tokens_for
from backend.badges.services import issue_badge, keep_photo
from backend.config.urls import urlpatterns
from backend.corrections.schemas import CorrectionIn
from backend.corrections.services import correct
from backend.dispatch import services as dispatch
from backend.dispatch.models import Task
from backend.dispatch.schemas import CallOutIn, TaskIn
from backend.lib.encryption import seal
from backend.numbers.services.number_blocks import issue_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.papers.models import Desk
from backend.papers.schemas import AgreementIn, OccasionIn, PolicyIn
from backend.papers.services.desks import sign_list
from backend.papers.services.occasions import open_occasion
from backend.papers.services.policies import record_policy
from backend.readiness.schemas import LeadersWordIn
from backend.readiness.services.words import note_word
from backend.realtime.frames import known_frames
from backend.realtime.registry import registry
from backend.realtime.socket.commands import BUILT_IN
from backend.rosters.models import Difference, DifferenceKind, DifferencePart, ImportStatus, RosterImport
from backend.tracking.schemas.trackers import TrackerIn
from backend.tracking.services.trackers import make_tracker
from backend.volunteers import services
from backend.volunteers.models import Emblem, Role, Volunteer
from backend.volunteers.schemas.privacy import CredentialIn, GuardianIn
from backend.volunteers.services.credentials import record_credential
from backend.volunteers.services.guardians import record_guardian
from tests.builders import ApplicationFactory, TransferFactory, UnitFactory, task_body
from tests.conftest import Formation, MakeVolunteer
from tests.contract.calls import ROOMS

SIGNED_IN = ("stranger", "outsider", "sibling", "member", "volunteer", "leader")
WITHOUT_TOKEN = ("nobody", "expired", "revoked")
METHODS = ("get", "post", "put", "patch", "delete")
APPLICANT = "13900000001"
PAGES = ("console", "admin")
"""Namespaces of pages, which are no doors of the protocol."""
OUR_APPS = tuple(room.rpartition(".")[2] for room in ROOMS)


# --- the doors there are ------------------------------------------------------------------------------------------


def rest_doors() -> set[tuple[str, str]]:
    """Return (method, address pattern) of every REST door, read from the URL configuration."""
    return {
        (method.upper(), address)
        for address, pattern in routes(urlpatterns)
        for method in METHODS
        if hasattr(pattern.callback.view_class, method)  # type: ignore[attr-defined]
    }


def routes(
    patterns: Sequence[URLPattern | URLResolver], before: str = "", *, beside: Collection[str] = PAGES
) -> Iterator[tuple[str, URLPattern]]:
    """Yield (address pattern, route) of all routes but those of the namespaces `beside`."""
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield address, pattern
        elif pattern.namespace not in beside:
            yield from routes(pattern.url_patterns, address, beside=beside)


def frame_types() -> set[str]:
    """Return every type of frame that a phone may send: commands, and the frames of the protocol itself."""
    union: Any = known_frames().core_schema
    while "choices" not in union:  # wrapped in the definitions it refers to
        union = union["schema"]
    return {*registry.commands, *registry.socket_commands, *BUILT_IN, *union["choices"]}


# --- the people ---------------------------------------------------------------------------------------------------


@dataclass
class Caller:
    """One person's sign-in on one device."""

    user: User
    tokens: Tokens
    device: UUID

    def expired(self) -> str:
        """Return an access token of this sign-in that was good until an hour ago."""
        old = datetime.now(UTC) - timedelta(hours=2)
        return tokens_for(
            Device.objects.get(pk=self.device), number=self.user.volunteer.number, at=old
        ).access


@dataclass
class World:
    """A task of squadron A that the volunteer was asked for; everybody is signed in.

    The stranger is in no unit; the outsider in a squadron of another brigade; the sibling leads the squadron next door;
    the member has a post in A that directs nobody, and came on duty after the call-out; the leader leads A.
    """

    formation: Formation
    at: datetime
    task: Task
    callers: dict[str, Caller] = field(default_factory=dict)
    signed_out: dict[str, Caller] = field(default_factory=dict)
    """The same people, on devices that were signed out since."""
    spare: UUID = field(default_factory=uuid7)
    """Another device of the leader."""
    tracker: UUID = field(default_factory=uuid7)
    """A tracker of the leader."""
    walk_in: int = 0
    """The temporary number of somebody who came to help squadron A."""
    block: UUID = field(default_factory=uuid7)
    """A block of numbers of squadron A."""
    credential: UUID = field(default_factory=uuid7)
    """A credential of the volunteer."""
    correction: UUID = field(default_factory=uuid7)
    """A correction of the volunteer's phone, by the commander."""
    guardian: UUID = field(default_factory=uuid7)
    """A guardian of the volunteer."""
    occasion: UUID = field(default_factory=uuid7)
    """An occasion of squadron A, with the leader's post as its desk."""
    policy: UUID = field(default_factory=uuid7)
    """A collective policy of that occasion."""
    signed: UUID = field(default_factory=uuid7)
    """A list that the volunteer has signed for it."""
    word: UUID = field(default_factory=uuid7)
    """A leader's word for the volunteer, on being woken."""
    application: UUID = field(default_factory=uuid7)
    """Of somebody who wants to join squadron A."""
    transfer: UUID = field(default_factory=uuid7)
    """Of the outsider, to squadron A."""
    bystander: str = ""
    """The number of somebody in squadron A whom others decide about."""
    post: int = 0
    """The bystander's, in squadron A."""
    empty: str = ""
    """The number of a partner's team below squadron A, with nobody in it."""
    roster_import: UUID = field(default_factory=uuid7)
    """A checked import of squadron A."""
    compared: UUID = field(default_factory=uuid7)
    """An import into squadron A that says another name of the volunteer."""
    difference: int = 0
    """That name."""

    def sign_in(self, user: User, device: UUID | None = None) -> Caller:
        """Sign a person in on a device, a new one unless it is given."""
        device = device or uuid7()
        tokens = sign_in(user=user, device=DeviceIn(id=device), at=datetime.now(UTC)).tokens
        return Caller(user, tokens, device)

    def number(self, name: str) -> str:
        """Return somebody's volunteer number."""
        return f"{self.callers[name].user.volunteer.number:08d}"


@contextmanager
def long_sign_ins() -> Iterator[None]:
    """Let access tokens live for a day: those of a module are not to end while a slow machine runs its tests."""
    with patch.object(AccessToken, "lifetime", timedelta(days=1)):
        yield


Fill = Callable[[World, str], Any]
"""Makes what a caller sends."""


def make_world(
    formation: Formation, make_volunteer: MakeVolunteer, people: dict[str, User], at: datetime
) -> World:
    """Make the task, send it, sign everybody in."""
    wanted = TaskIn.model_validate(task_body(formation.squadron_a.number, at))
    task = dispatch.create_task(wanted=wanted, by=people["leader"], at=at)
    sent = CallOutIn.model_validate({"id": str(uuid7()), "units": [formation.squadron_a.number]})
    dispatch.call_out(task_id=task.pk, wanted=sent, by=people["leader"], at=at)
    member = make_volunteer(formation.squadron_a, name="组员", on_duty=True)
    services.appoint(volunteer=member, unit=formation.squadron_a, role=Role.MEMBER, by=None, at=at)
    people = {**people, "member": member.user}
    world = World(formation, at, task)
    for name in SIGNED_IN:
        world.callers[name] = world.sign_in(people[name])
        dead = world.signed_out[name] = world.sign_in(people[name])
        revoke_device(device_id=dead.device, by=dead.user, at=at)
    squadron, leader = formation.squadron_a, people["leader"]
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=squadron, name="赵来帮", by=leader, at=at)
    world.walk_in = walk_in.number
    issue_block(block_id=world.block, unit=squadron, size=3, by=leader, at=at)
    world.sign_in(people["leader"], world.spare)
    _keep_records(world, people["volunteer"].volunteer, people["leader"])
    above = make_volunteer(formation.detachment, on_duty=False, name="指挥员")
    services.appoint(volunteer=above, unit=formation.detachment, role=Role.COMMANDER, by=None, at=at)
    phone = CorrectionIn(id=world.correction, phone="13900000777")
    correct(volunteer=people["volunteer"].volunteer, wanted=phone, by=above.user, at=at)
    make_badge_and_photo(world)
    add_papers(world)
    add_lives(world, make_volunteer)
    world.tracker = make_tracker(wanted=TrackerIn(), by=people["leader"], at=at).id
    RosterImport.objects.create(
        id=world.roster_import,
        unit=formation.squadron_a,
        name="Autumn",
        format="csv",
        file_size=0,
        status=ImportStatus.CHECKED,
        made_at=at,
    )
    compared = RosterImport.objects.create(
        id=world.compared,
        unit=formation.squadron_a,
        name="Spring",
        format="csv",
        file_size=0,
        status=ImportStatus.IMPORTED,
        made_at=at,
    )
    world.difference = make_difference(compared, people["volunteer"].volunteer).pk
    return world


def make_difference(batch: RosterImport, person: Volunteer) -> Difference:
    """Make what a roster says otherwise of a person: the name."""
    return Difference.objects.create(
        batch=batch,
        row=2,
        volunteer=person,
        kind=DifferenceKind.CHANGED,
        part=DifferencePart.NAME,
        before_sealed=seal(person.name, "before"),
        after_sealed=seal("钱别名", "after"),
    )


def _keep_records(world: World, person: Volunteer, leader: User) -> None:
    """Note what a leader notes of the volunteer: a credential, a guardian, and a word on being woken."""
    at = world.at
    credential = {"id": str(world.credential), "kind": "insurance", "valid_from": at.isoformat()}
    guardian = guardian_body(world, "leader") | {"id": str(world.guardian)}
    record_credential(volunteer=person, wanted=CredentialIn.model_validate(credential), by=leader, at=at)
    record_guardian(volunteer=person, wanted=GuardianIn.model_validate(guardian), by=leader, at=at)
    word = word_body(world, "leader") | {"id": str(world.word)}
    note_word(volunteer=person, wanted=LeadersWordIn.model_validate(word), by=leader, at=at)


def make_badge_and_photo(world: World) -> None:
    """Give the volunteer a badge and a picture."""
    person = world.callers["volunteer"].user.volunteer
    issue_badge(id=uuid7(), volunteer=person, by=world.callers["leader"].user, at=world.at)
    keep_photo(raw=picture(), by=person.user, at=world.at)


def picture() -> bytes:
    """Return a small picture."""
    written = BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    return written.getvalue()


def add_papers(world: World) -> None:
    """Open an occasion with its papers; the leader holds its one desk."""
    at, leader, unit = world.at, world.callers["leader"].user, world.formation.squadron_a
    time = {"from_at": at - timedelta(hours=1), "until_at": at + timedelta(days=3)}
    occasion = OccasionIn.model_validate(
        {"id": str(world.occasion), "unit": unit.number, "name": "Missing child", **time}
    )
    open_occasion(wanted=occasion, by=leader, at=at)
    post = leader.volunteer.posts.get()
    Desk.objects.create(occasion_id=world.occasion, post=post, named_by=leader, named_at=at)
    insured = {"occasion": str(world.occasion), "insurer": "PICC", "number": "7", **time}
    policy = PolicyIn.model_validate({"id": str(world.policy), "unit": unit.number, **insured})
    record_policy(wanted=policy, by=leader, at=at)
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    people = [world.number("volunteer")]
    photo = b64encode(picture.getvalue()).decode()
    signed = AgreementIn.model_validate({"id": str(world.signed), "photo": photo, "people": people})
    sign_list(occasion_id=world.occasion, wanted=signed, by=leader, at=at)


def add_lives(world: World, make_volunteer: MakeVolunteer) -> None:
    """Add what doors to lives and units are tried with."""
    unit, outside, at = world.formation.squadron_a, world.formation.squadron_c, world.at
    ApplicationFactory.create(id=world.application, unit=unit, phone=APPLICANT, at=at)
    newcomer = make_volunteer(outside, name="来人")
    TransferFactory.create(
        id=world.transfer,
        volunteer=newcomer,
        from_unit=outside,
        to_unit=unit,
        proposed_by=newcomer.user,
        proposed_at=at,
    )
    bystander = make_volunteer(unit, on_duty=False, name="邻居")
    world.bystander = f"{bystander.number:08d}"
    world.post = services.appoint(volunteer=bystander, unit=unit, role=Role.MEMBER, by=None, at=at).pk
    Emblem.objects.create(unit=unit, media_type="image/png", image=picture(), digest="0" * 64, at=at)
    team = UnitFactory.create(below=unit, kind="partner", serials=(7, 26, 1, 900), display_name="校卫")
    world.empty = team.number


def rest_clients(world: World, rightful: str) -> dict[str, APIClient]:
    """Return a client for every relation to what belongs to `rightful`; two of them hold dead tokens of theirs."""
    tokens = {name: caller.tokens.access for name, caller in world.callers.items()}
    tokens["expired"] = world.callers[rightful].expired()
    tokens["revoked"] = world.signed_out[rightful].tokens.access
    clients = {name: APIClient(raise_request_exception=False) for name in (*WITHOUT_TOKEN, *SIGNED_IN)}
    for name, token in tokens.items():
        clients[name].credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return clients


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row that our apps have stored: what a refused act must leave as it was."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for app in OUR_APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }


def guardian_body(world: World, caller: str) -> dict[str, Any]:
    """Return a guardian as a leader's app sends it."""
    return {"id": str(uuid7()), "name": "李父", "phone": "13800001234", "consent_at": world.at.isoformat()}


def credential_body(world: World, caller: str) -> dict[str, Any]:
    """Return an insurance as a leader's app sends it."""
    return {"id": str(uuid7()), "kind": "insurance", "valid_from": world.at.isoformat()}


def word_body(world: World, caller: str) -> dict[str, Any]:
    """Return a leader's word as a leader's app sends it."""
    return {
        "id": str(uuid7()),
        "categories": ["patrol"],
        "said_yes": True,
        "how": "phone",
        "said_at": world.at.isoformat(),
    }


def nothing(world: World, caller: str) -> None:
    """Send no body."""
    return


def fixes(world: World, caller: str) -> dict[str, Any]:
    """Report one position of now."""
    return {"fixes": [{"at": datetime.now(UTC).isoformat(), "lon": 119.9, "lat": 29.4, "datum": "wgs84"}]}


def cursors_of(world: World, caller: str) -> dict[str, int]:
    """Return cursors in topics of squadron A: whoever may not see one must not notice it."""
    return {
        world.formation.squadron_a.topic: 0,
        world.task.topic: 0,
        f"person.{world.number('volunteer')}": 0,
    }


def serial_number(world: World, name: str) -> int:
    """Return the number of one of the people, as the database has it."""
    return world.callers[name].user.volunteer.number
