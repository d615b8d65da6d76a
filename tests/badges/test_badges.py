"""Badges: issued, checked online and offline, forged, revoked; and the pictures on them."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from PIL import Image
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.badges import queries
from backend.badges.badge_text import (
    ForgedBadge,
    NotABadge,
    Statement,
    public_keys,
    read_badge,
    short_id,
    write_badge,
)
from backend.badges.models import Badge, Photo
from backend.badges.services import BadgeIdTaken, HolderNotInService, issue_badge, revoke_badge
from backend.lib.encryption import read_keys
from backend.lib.errors import Invalid, NotAllowed, NotFound
from backend.lib.pictures import NotAPicture, portrait
from backend.volunteers.models import Standing, Unit, Volunteer
from tests.conftest import MakeVolunteer, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]
KEYS = {"2": b"n" * 32, "1": b"o" * 32}
EXAMPLE = Path(__file__).resolve().parents[2] / "mobile_api_docs" / "verify_badge_example.py"
STATEMENT = Statement("23456781", "0726040125", UUID(int=7), date(2027, 3, 1))


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.BADGE_KEYS = dict(KEYS)


@pytest.fixture
def badge(volunteer: User, leader: User, at: datetime) -> Badge:
    """Issue a badge to the volunteer."""
    return issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at)


def checked(text: str) -> Any:
    return APIClient().get("/api/v1/badges/check", {"badge": text}).json()


def picture(size: tuple[int, int] = (900, 1200), kind: str = "JPEG", **more: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "green").save(written, kind, **more)
    return written.getvalue()


# --- the text -----------------------------------------------------------------------------------------------------


def test_text_says_what_was_signed_behind_any_address() -> None:
    text = write_badge(STATEMENT, KEYS)

    assert text.startswith("1.23456781.0726040125.AAAAAAAAAAAAAAAAAAAABw.20270301.2.")
    assert read_badge(f"https://muster.example.org/b/{text}\n", public_keys(KEYS)) == STATEMENT


def test_text_signed_with_the_key_before_is_still_believed() -> None:
    assert read_badge(write_badge(STATEMENT, {"1": KEYS["1"]}), public_keys(KEYS)) == STATEMENT


@pytest.mark.parametrize(
    ("field", "other"),
    [(1, "23456782"), (2, "0726040126"), (3, "AAAAAAAAAAAAAAAAAAAACA"), (4, "20990301"), (5, "1")],
)
def test_text_is_forged_when_any_field_was_changed(field: int, other: str) -> None:
    fields = write_badge(STATEMENT, KEYS).split(".")
    fields[field] = other

    with pytest.raises(ForgedBadge):
        read_badge(".".join(fields), public_keys(KEYS))


@pytest.mark.parametrize("keys", [{"2": b"x" * 32}, {"3": b"n" * 32}])
def test_text_is_forged_when_it_was_signed_with_another_key(keys: dict[str, bytes]) -> None:
    with pytest.raises(ForgedBadge):
        read_badge(write_badge(STATEMENT, keys), public_keys(KEYS))


@pytest.mark.parametrize("id", ["", "a.b", "one/two", "x" * 17])
def test_key_whose_id_does_not_fit_into_the_text_is_refused_at_start(id: str) -> None:
    key = base64.urlsafe_b64encode(KEYS["1"]).decode()

    assert read_keys([f"2026-1:{key}"]) == {"2026-1": KEYS["1"]}
    with pytest.raises(ValueError, match="BADGE_KEYS"):
        read_keys([f"{id}:{key}"])


@pytest.mark.parametrize("text", ["", "https://example.org", "1.2.3.4.5.6.7", "1." * 10_000, "1.２3456781"])
def test_text_of_another_form_is_no_badge(text: str) -> None:
    with pytest.raises(NotABadge):
        read_badge(text, public_keys(KEYS))


# --- issuing ------------------------------------------------------------------------------------------------------


def test_badge_is_issued_over_rest_and_asking_again_issues_no_second(
    volunteer: User, leader: User, client_of: ClientOf
) -> None:
    client, body = client_of(leader), {"id": str(uuid7())}
    address = f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/badge"

    first, again = (client.post(address, body, format="json") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["state"] == "valid"
    assert client_of(volunteer).get(address).json()["text"] == first.json()["text"]
    assert Entry.objects.filter(act="badge.issued").count() == 1


def test_new_badge_revokes_the_one_before(badge: Badge, volunteer: User, leader: User, at: datetime) -> None:
    before = queries.text_of(badge)

    later = issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at)

    assert checked(before)["state"] == "revoked"
    assert checked(queries.text_of(later))["state"] == "valid"


def test_badge_id_of_somebody_else_is_refused(
    badge: Badge, leader: User, make_volunteer: MakeVolunteer, formation: Any, at: datetime
) -> None:
    other = make_volunteer(formation.squadron_a)

    with pytest.raises(BadgeIdTaken):
        issue_badge(id=badge.pk, volunteer=other, by=leader, at=at)


def test_only_whoever_looks_after_the_person_issues_and_revokes(
    badge: Badge, volunteer: User, sibling_leader: User, stranger: User, at: datetime
) -> None:
    person = volunteer.volunteer
    for other, refusal in ((sibling_leader, NotFound), (stranger, NotFound), (volunteer, NotAllowed)):
        with pytest.raises(refusal):
            issue_badge(id=uuid7(), volunteer=person, by=other, at=at)
        with pytest.raises(refusal):
            revoke_badge(volunteer=person, reason="lost", by=other, at=at)
    assert Badge.objects.get().revoked_at is None


def test_badge_is_issued_only_to_people_in_service(volunteer: User, leader: User, at: datetime) -> None:
    Volunteer.objects.filter(user=volunteer).update(standing=Standing.SUSPENDED)

    with pytest.raises(HolderNotInService):
        issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at)


@pytest.mark.parametrize("days", [-1, 5 * 365 + 1])
def test_last_day_is_bounded(volunteer: User, leader: User, at: datetime, days: int) -> None:
    with pytest.raises(Invalid):
        issue_badge(
            id=uuid7(),
            volunteer=volunteer.volunteer,
            valid_until=at.date() + timedelta(days=days),
            by=leader,
            at=at,
        )


@pytest.mark.postgres
def test_badges_issued_at_the_same_time_leave_one_good(
    race: Race, volunteer: User, leader: User, at: datetime
) -> None:
    answers = race(
        *[lambda: issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at) for _ in range(4)]
    )

    assert all(isinstance(answer, Badge) for answer in answers)
    assert Badge.objects.filter(revoked_at=None).count() == 1
    assert Badge.objects.count() == 4


@pytest.mark.postgres
def test_badges_issued_to_two_people_at_the_same_time_do_not_share_an_id(
    race: Race, leader: User, formation: Any, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    id, people = uuid7(), [make_volunteer(formation.squadron_a) for _ in range(4)]

    answers = race(
        *[lambda person=person: issue_badge(id=id, volunteer=person, by=leader, at=at) for person in people]
    )

    assert [type(answer) for answer in answers].count(BadgeIdTaken) == 3
    assert Badge.objects.count() == 1


# --- checking online ----------------------------------------------------------------------------------------------


def test_check_tells_the_number_and_never_the_name(badge: Badge) -> None:
    text = queries.text_of(badge)

    answer = APIClient().get("/api/v1/badges/check", {"badge": f"https://example.org/b/{text}"})

    number = f"{badge.volunteer.number:08d}"
    assert answer.json() == {
        "state": "valid",
        "number": number,
        "valid_until": badge.valid_until.isoformat(),
    }
    assert answer.headers["Cache-Control"] == "public, max-age=30"


def test_check_sees_standing_end_and_revocation_at_once(
    badge: Badge, leader: User, volunteer: User, at: datetime
) -> None:
    text, people = queries.text_of(badge), Volunteer.objects.filter(user=volunteer)

    people.update(standing=Standing.SUSPENDED)
    assert checked(text)["state"] == "suspended"
    people.update(standing=Standing.RETIRED)
    assert checked(text)["state"] == "expired"
    people.update(standing=Standing.ACTIVE)
    assert checked(text)["state"] == "valid"
    User.objects.filter(pk=volunteer.pk).update(is_active=False)
    assert checked(text)["state"] == "suspended"
    revoke_badge(volunteer=volunteer.volunteer, reason="lost", by=leader, at=at)
    assert checked(text)["state"] == "revoked"


def test_badge_is_good_to_the_end_of_its_last_day(badge: Badge) -> None:
    last = datetime(2027, 3, 1, 23, 59, tzinfo=UTC)
    badge.valid_until = last.date()

    assert queries.state_of(badge, at=last) == "valid"
    assert queries.state_of(badge, at=last + timedelta(minutes=1)) == "expired"


def test_forgery_costs_no_query(badge: Badge, django_assert_num_queries: Any) -> None:
    forged = queries.text_of(badge)[:-4] + "AAAA"

    with django_assert_num_queries(0):
        answers = [checked(forged), checked("nonsense"), checked("")]

    assert [answer["state"] for answer in answers] == ["forged", "unknown", "unknown"]
    assert {answer["number"] for answer in answers} == {None}


def test_genuine_text_of_a_badge_that_is_not_here_is_unknown(db: None) -> None:
    assert checked(write_badge(STATEMENT, KEYS)) == {"state": "unknown", "number": None, "valid_until": None}


# --- checking offline ---------------------------------------------------------------------------------------------


@pytest.fixture
def files(badge: Badge, tmp_path: Path) -> Callable[[], tuple[Path, Path]]:
    """Return what a scanner fetches before it goes where there is no network."""

    def fetch() -> tuple[Path, Path]:
        cache.clear()
        for name in ("keys", "revoked"):
            told = APIClient().get(f"/api/v1/badges/{name}").content
            (tmp_path / f"{name}.json").write_bytes(told)
        return tmp_path / "keys.json", tmp_path / "revoked.json"

    return fetch


def verify(text: str, keys: Path, revoked: Path) -> str:
    """Return what the command says, or why it fails."""
    written = StringIO()
    try:
        call_command("verify_badge", text, key=keys, revoked=revoked, stdout=written)
    except CommandError as error:
        return str(error).split(":")[0]
    return written.getvalue().split(":")[0]


def example(text: str, keys: Path, revoked: Path) -> str:
    """Return what the example for app developers says; it is run as it stands."""
    ran = subprocess.run(
        [sys.executable, EXAMPLE, text, keys, revoked], capture_output=True, text=True, check=False
    )
    return (ran.stdout or ran.stderr).split()[0]


@pytest.mark.parametrize("verifier", [verify, example])
def test_offline_verifier_tells_good_forged_and_revoked_apart(
    verifier: Callable[[str, Path, Path], str],
    badge: Badge,
    volunteer: User,
    leader: User,
    files: Callable[[], tuple[Path, Path]],
    at: datetime,
) -> None:
    text = queries.text_of(badge)
    yesterday = at.date() - timedelta(days=1)
    gone = write_badge(replace(read_badge(text, public_keys(KEYS)), valid_until=yesterday), KEYS)

    assert verifier(f"https://example.org/b/{text}", *files()) == "valid"
    assert verifier(text.replace(f".{badge.unit.number}.", ".0000000000."), *files()) == "forged"
    assert verifier(write_badge(STATEMENT, {"2": b"x" * 32}), *files()) == "forged"
    assert verifier(gone, *files()) == "expired"
    revoke_badge(volunteer=volunteer.volunteer, reason="lost", by=leader, at=at)
    assert verifier(text, *files()) == "revoked"


@pytest.mark.parametrize("verifier", [verify, example])
def test_offline_verifier_refuses_a_list_that_was_changed(
    verifier: Callable[[str, Path, Path], str],
    badge: Badge,
    volunteer: User,
    leader: User,
    files: Callable[[], tuple[Path, Path]],
    at: datetime,
) -> None:
    revoke_badge(volunteer=volunteer.volunteer, reason="lost", by=leader, at=at)
    keys, revoked = files()
    revoked.write_text(json.dumps({**json.loads(revoked.read_text()), "badges": []}))

    assert verifier(queries.text_of(badge), keys, revoked) not in ("valid", "revoked")


@pytest.mark.parametrize(
    "text", ["nonsense", "", "https://example.org/b/", "1.二.三.四.五.2.六", "1......", "\udce9."]
)
def test_example_calls_forged_whatever_else_was_scanned(
    files: Callable[[], tuple[Path, Path]], text: str
) -> None:
    assert example(text, *files()) == "forged"


def test_command_says_which_file_is_another(
    files: Callable[[], tuple[Path, Path]], tmp_path: Path, badge: Badge
) -> None:
    keys, revoked = files()
    numbers = tmp_path / "numbers.json"
    numbers.write_text('{"keys": [1], "at": 1, "badges": [2], "key": [], "signature": 3}')

    for first, second in ((revoked, keys), (numbers, revoked)):
        assert (
            verify(queries.text_of(badge), first, second)
            == f"{first} is not what GET /api/v1/badges/keys answers"
        )
    for second in (keys, numbers):
        told = verify(queries.text_of(badge), keys, second)
        assert told == f"{second} is not what GET /api/v1/badges/revoked answers"


def test_example_has_thirty_lines() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 30


def test_command_needs_no_database(settings: Any) -> None:
    """Without the fixture `db` every query would fail this test."""
    written = StringIO()
    text = write_badge(Statement("23456781", "0726040125", UUID(int=7), date(2999, 1, 1)), KEYS)

    call_command("verify_badge", text, stdout=written)

    assert written.getvalue() == "valid: 23456781, unit 0726040125, until 2999-01-01\n"


def test_list_names_suspended_people_too_and_forgets_what_has_run_out(
    badge: Badge, volunteer: User, at: datetime
) -> None:
    Volunteer.objects.filter(user=volunteer).update(standing=Standing.SUSPENDED)
    assert queries.revoked_badges(at=at).badges == [short_id(badge.pk)]

    cache.clear()
    Badge.objects.update(valid_until=at.date() - timedelta(days=1))
    assert queries.revoked_badges(at=at).badges == []


def test_list_is_at_most_half_a_minute_old(badge: Badge, volunteer: User, leader: User, at: datetime) -> None:
    answer = APIClient().get("/api/v1/badges/revoked")

    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert queries.LIST_KEPT_S + 30 <= 60


# --- the card and the picture -------------------------------------------------------------------------------------


def test_card_shows_person_and_number_in_both_languages(
    badge: Badge, volunteer: User, client_of: ClientOf
) -> None:
    client, address = client_of(volunteer), f"/api/v1/volunteers/{volunteer.volunteer.number:08d}"
    client.put("/api/v1/me/photo", {"image": base64.b64encode(picture()).decode()}, format="json")

    svg = client.get(f"{address}/badge/card.svg").content.decode()
    pdf = client.get(f"{address}/badge/card.pdf")

    number = f"{volunteer.volunteer.number:08d}"
    for text in (
        "队员证",
        "Volunteer badge",
        f"{number[:4]} {number[4:]}",
        volunteer.volunteer.name,
        "image/jpeg",
    ):
        assert text in svg
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["Cache-Control"] == "private, no-store"


def test_card_escapes_names(badge: Badge, volunteer: User, client_of: ClientOf) -> None:
    Volunteer.objects.filter(user=volunteer).update(name="<script>1</script>")

    svg = client_of(volunteer).get(f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/badge/card.svg")

    assert "<script>" not in svg.content.decode()


@pytest.mark.parametrize("sign", ["\x1b", "\x0b", "\ufffe", "\uffff", "\u202e", "\n", "&", "<"])
def test_card_is_xml_whatever_was_taken_for_a_name_once(
    badge: Badge, volunteer: User, client_of: ClientOf, sign: str
) -> None:
    Volunteer.objects.filter(user=volunteer).update(name=f"王{sign}大妈")
    Unit.objects.update(display_name=f"文溪{sign}社区")

    svg = client_of(volunteer).get(f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/badge/card.svg")

    written = "".join(ElementTree.fromstring(svg.content).itertext())
    assert "大妈" in written
    assert "社区" in written


def test_picture_is_written_anew_without_what_else_was_in_the_file() -> None:
    metadata = Image.Exif()
    metadata[0x010E] = "29.45 N 119.89 E"

    small = portrait(picture(exif=metadata) + b"and more behind the end")

    image = Image.open(BytesIO(small))
    assert (image.format, max(image.size)) == ("JPEG", 512)
    assert dict(image.getexif()) == {}
    assert b"119.89" not in small
    assert b"behind" not in small


@pytest.mark.parametrize(
    "raw", [b"", b"no picture", b"\xff\xd8\xff\xe0broken", picture(kind="GIF"), picture()[:200]]
)
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAPicture):
        portrait(raw)


def test_picture_of_a_phone_that_adds_another_behind_it_is_taken() -> None:
    mpo = picture(kind="MPO", save_all=True, append_images=[Image.new("RGB", (30, 40), "red")])

    image = Image.open(BytesIO(portrait(mpo)))

    assert (image.format, image.size) == ("JPEG", (384, 512))


def test_picture_that_says_it_is_gigapixels_large_is_refused() -> None:
    webp = bytearray(picture(kind="WEBP", lossless=True))
    start = webp.index(b"VP8L") + 9
    webp[start : start + 4] = b"\xff\xff\xff\x0f"  # 16,384 × 16,384 pixels

    with pytest.raises(NotAPicture):
        portrait(bytes(webp))


def test_picture_with_metadata_of_a_wrong_type_is_refused() -> None:
    metadata = Image.Exif()
    metadata[0x0112], metadata[0x0100] = 6, 1
    raw = picture(exif=metadata)
    width = b"\x01\x00\x00\x04" if b"MM\x00*" in raw else b"\x00\x01\x04\x00"
    at = raw.index(width) + 2
    broken = raw[:at] + (b"\x00\x02" if b"MM\x00*" in raw else b"\x02\x00") + raw[at + 2 :]

    with pytest.raises(NotAPicture):
        portrait(broken)


def test_picture_with_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    large = BytesIO()
    Image.new("1", (8000, 8000)).save(large, "PNG")

    assert len(large.getvalue()) < 100_000
    with pytest.raises(NotAPicture):
        portrait(large.getvalue())


def test_picture_is_seen_only_by_those_who_may_see_the_person(
    volunteer: User, leader: User, sibling_leader: User, stranger: User, client_of: ClientOf
) -> None:
    address = f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/photo"
    kept = client_of(volunteer).put(
        "/api/v1/me/photo", {"image": base64.b64encode(picture()).decode()}, format="json"
    )

    assert kept.status_code == 204
    assert client_of(volunteer).get(address).headers["Content-Type"] == "image/jpeg"
    assert client_of(leader).get(address).status_code == 200
    assert [client_of(user).get(address).status_code for user in (sibling_leader, stranger)] == [404, 404]
    assert APIClient().get(address).status_code == 401


def test_picture_is_deleted_with_a_word(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)
    client.put("/api/v1/me/photo", {"image": base64.b64encode(picture()).decode()}, format="json")

    assert client.delete("/api/v1/me/photo").status_code == 204
    assert not Photo.objects.exists()


@pytest.mark.parametrize("image", ["", "!!!", "A" * 950_000, base64.b64encode(b"no picture").decode()])
def test_bad_picture_is_a_wrong_field(volunteer: User, client_of: ClientOf, image: str) -> None:
    answer = client_of(volunteer).put("/api/v1/me/photo", {"image": image}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/image")
