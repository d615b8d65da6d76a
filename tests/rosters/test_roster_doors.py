"""The doors and pages of rosters: upload, report, start, undo, export, template."""

import csv
import io
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services import devices
from backend.audit.models import Entry
from backend.console import assets
from backend.lib import uploads
from backend.lib.phones import read_phone
from backend.rosters.models import RosterImport
from backend.rosters.reading.tables import csv_parts, guarded, xlsx_parts
from backend.rosters.services import exports, import_turns
from backend.rosters.services.import_worker import work_on
from backend.volunteers import services
from backend.volunteers.models import Role, Volunteer
from backend.volunteers.number_scheme import format_unit_number
from tests.builders import VolunteerFactory
from tests.conftest import PASSWORD, Formation, MakeVolunteer, SignedInClient
from tests.rosters.files import HEADINGS, csv_file, people

ClientOf = Callable[[User], SignedInClient]

pytestmark = pytest.mark.usefixtures("imports_folder")


@pytest.fixture
def file(tmp_path: Path) -> Callable[[], SimpleUploadedFile]:
    """Return what makes a roster of three people and one wrong row."""

    def make() -> SimpleUploadedFile:
        path = csv_file(tmp_path, [HEADINGS[:2], *people(3), ["", "13999999999"]])
        return SimpleUploadedFile("秋季.csv", path.read_bytes())

    return make


def addresses(formation: Formation) -> tuple[str, str]:
    unit = formation.squadron_a.number
    return f"/api/v1/units/{unit}/imports", f"/api/v1/units/{unit}/roster-file"


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def lines_of(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content(response).decode("utf-8-sig"))))


# --- imports ------------------------------------------------------------------------------------------------------


def test_roster_is_uploaded_checked_started_and_undone(
    client_of: ClientOf, leader: User, formation: Formation, file: Any, tmp_path: Path
) -> None:
    client, (imports, _) = client_of(leader), addresses(formation)
    before = Volunteer.objects.count()

    made = client.post(imports, {"id": str(uuid7()), "name": "Autumn", "file": file()}, format="multipart")
    assert (made.status_code, made.json()["status"], made.json()["file_name"]) == (
        201,
        "checking",
        "秋季.csv",
    )
    (stored,) = (tmp_path / "imports").iterdir()
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    one = f"/api/v1/imports/{made.json()['id']}"
    work_on(made.json()["id"])

    assert client.get(one).json()["status"] == "checked"
    (row,) = client.get(f"{one}/rows").json()["items"]
    assert (row["cell"], row["outcome"], row["code"]) == ("A5", "rejected", "name-missing")
    refused = client.post(f"{one}/start", {}, format="json")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/rows-rejected")
    started = client.post(f"{one}/start", {"skip_rejected": True}, format="json")
    assert started.json()["status"] == "importing"
    work_on(made.json()["id"])
    assert Volunteer.objects.count() == before + 3
    assert client.post(f"{one}/undo").json()["status"] == "undoing"
    assert work_on(made.json()["id"]).status == "undone"
    assert Volunteer.objects.count() == before
    assert [each["id"] for each in client.get(imports).json()] == [made.json()["id"]]


def test_checked_file_does_not_stay(
    django_capture_on_commit_callbacks: Any,
    client_of: ClientOf,
    leader: User,
    formation: Formation,
    file: Any,
    tmp_path: Path,
) -> None:
    body = {"id": str(uuid7()), "name": "Autumn", "file": file()}
    client_of(leader).post(addresses(formation)[0], body, format="multipart")

    with django_capture_on_commit_callbacks(execute=True):
        work_on(RosterImport.objects.get().pk)

    assert list((tmp_path / "imports").iterdir()) == []


def test_upload_sent_again_is_the_same_import(
    client_of: ClientOf, leader: User, formation: Formation, file: Any, tmp_path: Path
) -> None:
    client, id = client_of(leader), str(uuid7())
    other = SimpleUploadedFile("x.csv", "姓名,手机\n王,13800000001\n".encode())

    answers = [
        client.post(addresses(formation)[0], {"id": id, "name": "Autumn", "file": each}, format="multipart")
        for each in (file(), file(), other)
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert RosterImport.objects.count() == len(list((tmp_path / "imports").iterdir())) == 1


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"id": "7"}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 81}, 422),
        ({"file": "no file"}, 422),
        ({"file": SimpleUploadedFile("x.csv", b"\x89PNG\0")}, 422),
        ({"file": SimpleUploadedFile("x.csv", b"")}, 422),
    ],
)
def test_wrong_upload_is_refused_and_leaves_nothing(
    client_of: ClientOf,
    leader: User,
    formation: Formation,
    file: Any,
    tmp_path: Path,
    changed: Any,
    status: int,
) -> None:
    body = {"id": str(uuid7()), "name": "Autumn", "file": file()} | changed

    answer = client_of(leader).post(addresses(formation)[0], body, format="multipart")

    assert answer.status_code == status
    assert not RosterImport.objects.exists()
    folder = tmp_path / "imports"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_upload_without_end_is_cut_off(
    client_of: ClientOf, leader: User, formation: Formation, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 100)
    body = {"id": str(uuid7()), "name": "Autumn", "file": file()}

    answer = client_of(leader).post(addresses(formation)[0], body, format="multipart")

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize("who", ["stranger", "sibling_leader", "volunteer", "outsider"])
def test_imports_are_closed_to_others(
    request: pytest.FixtureRequest,
    client_of: ClientOf,
    leader: User,
    formation: Formation,
    file: Any,
    who: str,
) -> None:
    client, (imports, roster) = client_of(leader), addresses(formation)
    body = {"id": str(uuid7()), "name": "Autumn", "file": file()}
    made = client.post(imports, body, format="multipart").json()
    other = client_of(request.getfixturevalue(who))
    one = f"/api/v1/imports/{made['id']}"

    answers = [
        *(other.get(address) for address in (imports, roster, one, f"{one}/rows")),
        *(other.post(address, {}, format="json") for address in (f"{one}/start", f"{one}/undo")),
        other.post(imports, {**body, "file": file()}, format="multipart"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert RosterImport.objects.get().status == "checking"


def test_report_comes_page_by_page(
    client_of: ClientOf, leader: User, formation: Formation, tmp_path: Path
) -> None:
    rejected = [["", "13999999999"]] * 450
    path = csv_file(tmp_path, [HEADINGS[:2], *rejected])
    body = {"id": str(uuid7()), "name": "x", "file": SimpleUploadedFile("x.csv", path.read_bytes())}
    client = client_of(leader)
    made = client.post(addresses(formation)[0], body, format="multipart").json()
    work_on(made["id"])

    rows: list[int] = []
    after: int | None = 0
    while after is not None:
        page = client.get(f"/api/v1/imports/{made['id']}/rows?after={after}").json()
        rows += [row["row"] for row in page["items"]]
        after = page["next"]

    assert rows == list(range(2, 452))
    assert client.get(f"/api/v1/imports/{made['id']}/rows?after=-1").status_code == 422


# --- exports ------------------------------------------------------------------------------------------------------


def test_export_has_open_phones_for_the_own_unit_alone(
    client_of: ClientOf,
    leader: User,
    commander: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
) -> None:
    member = make_volunteer(formation.squadron_a, skills=["patrol"], name="=cmd|'/c calc'!A1")
    address = addresses(formation)[1]

    own = lines_of(client_of(leader).get(address))
    above = lines_of(client_of(commander).get(address))

    phones = {line[0]: line[2] for line in own[1:]}
    assert phones[f"{member.number:08d}"] == member.user.phone
    assert {line[0]: line[2] for line in above[1:]} == {
        number: f"{phone[:3]}****{phone[-4:]}" for number, phone in phones.items()
    }
    (line,) = [line for line in own if line[0] == f"{member.number:08d}"]
    assert line[1] == "'=cmd|'/c calc'!A1"
    assert line[6:] == ["patrol", "Active"]


def test_export_is_recorded_with_the_post_that_allowed_it(
    client_of: ClientOf, leader: User, formation: Formation
) -> None:
    answer = client_of(leader).get(addresses(formation)[1])

    entry = Entry.objects.get(act="roster.exported")
    unit = formation.squadron_a.number
    assert (entry.subject, entry.by) == (f"unit.{unit}", leader)
    assert (entry.details, entry.post) == ({"format": "csv", "people": 1}, f"leader@{unit}")
    assert answer["Content-Disposition"] == f'attachment; filename="roster-{unit}.csv"'
    assert answer["Cache-Control"] == "private, no-store"
    assert content(answer).startswith(b"\xef\xbb\xbf")


def test_exported_workbook_is_text_and_below_the_unit(
    client_of: ClientOf, commander: User, formation: Formation, make_volunteer: MakeVolunteer, tmp_path: Path
) -> None:
    number = make_volunteer(formation.squadron_c).number
    path = tmp_path / "roster.xlsx"
    answer = client_of(commander).get(f"/api/v1/units/{formation.detachment.number}/roster-file?as=xlsx")
    path.write_bytes(content(answer))

    sheet = load_workbook(path).worksheets[0]

    rows = list(sheet.iter_rows(values_only=True))
    assert f"{number:08d}" in [row[0] for row in rows]
    assert len(rows) == 3
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} <= {"s", "inlineStr"}


def test_export_portions_leave_nobody_out(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, at: datetime, monkeypatch: Any
) -> None:
    for _ in range(7):
        make_volunteer(formation.squadron_a)
    monkeypatch.setattr("backend.rosters.queries.exports.PORTION", 3)

    parts = list(exports.export_roster(unit=formation.squadron_a, format="csv", by=leader, at=at))

    assert len(parts) == 2 + 3
    assert b"".join(parts).count(b"\n") == 1 + 8


def test_workbook_of_too_many_is_refused(
    client_of: ClientOf, leader: User, formation: Formation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MAX_SHEET", 0)

    answers = [
        client_of(leader).get(f"{addresses(formation)[1]}?as={each}") for each in ("xlsx", "csv", "pdf")
    ]

    assert [answer.status_code for answer in answers] == [409, 200, 422]


@pytest.mark.django_db(transaction=True)
async def test_export_is_streamed_by_the_asgi_server(tmp_path: Path) -> None:
    """In parts that are made one by one in threads; the template needs no more than a sign-in."""

    def sign_in() -> str:
        volunteer = VolunteerFactory.create()
        device, at = DeviceIn(id=uuid7()), datetime.now().astimezone()
        return devices.sign_in(user=volunteer.user, device=device, at=at).tokens.access

    from asgiref.sync import sync_to_async

    token = await sync_to_async(sign_in)()
    answer: Any = await AsyncClient().get(
        "/api/v1/roster-template", headers={"authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 200
    assert answer.is_async
    text = b"".join([part async for part in answer]).decode("utf-8-sig")
    assert text.startswith("姓名")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "＝1"])
def test_cells_that_begin_like_formulas_are_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded("王大妈") == "王大妈"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; =1+1", "a; '=1+1"),
        ('a;"=1+1', "a;\"'=1+1"),
        ("a\t+1", "a\t'+1"),
        ("a,@x", "a,'@x"),
        ("a|-1", "a|'-1"),
        ("a\n=1", "a\n'=1"),
        ("a；＝1", "a；'＝1"),
        ("=1;=2", "'=1;'=2"),
        ("急救、巡逻", "急救、巡逻"),
        ("a-1;b", "a-1;b"),
    ],
)
def test_no_cell_is_a_formula_whatever_parts_the_file(text: str, shown: str) -> None:
    """A spreadsheet that parts lists by semicolons divides `a;=1+1` in two, quoted or not."""
    assert guarded(text) == shown
    (part,) = list(csv_parts([[["x", text]]]))[1:]
    assert part.decode() == f'"x","{shown.replace(chr(34), chr(34) * 2)}"\r\n'


@pytest.mark.parametrize("sign", ["\x0b", "\x00", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_no_character_in_a_name_breaks_a_workbook(sign: str) -> None:
    """One that was kept before names had their rule; the unit's whole export would fail."""
    book = io.BytesIO(b"".join(xlsx_parts([[[f"王{sign}大妈"]]], title="x")))

    (row,) = load_workbook(book).worksheets[0].values
    assert row == ("王大妈",)


def test_phones_are_compared_however_they_are_written() -> None:
    written = [
        "13800001234",
        "008613800001234",
        "+86 138 0000 1234",
        "0086-13800001234",
        "１３８００００１２３４",
    ]
    assert {read_phone(text) for text in written} == {"13800001234"}


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def page_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[User], Client]:
    """Return the maker of signed-in browsers; stands in for what Vite builds."""
    built = tmp_path / "built"
    built.mkdir()
    (built / "manifest.json").write_text('{"src/pages/base.ts": {"file": "assets/base-1.js"}}')
    monkeypatch.setattr(assets, "BUILT", built)
    monkeypatch.setattr(assets, "MANIFEST", built / "manifest.json")

    def sign_in(user: User) -> Client:
        client = Client()
        fields = {"identifier": f"{user.volunteer.number:08d}", "password": PASSWORD}
        assert client.post(reverse("console:sign-in"), fields).status_code == 302
        return client

    return sign_in


def test_page_takes_a_roster_from_upload_to_undo(
    page_of: Callable[[User], Client], leader: User, formation: Formation, file: Any
) -> None:
    browser = page_of(leader)
    assert "文溪社区" in browser.get("/imports/").content.decode()

    sent = browser.post("/imports/", {"id": str(uuid7()), "name": "Autumn", "file": file()})
    page = sent.headers["Location"]
    assert "data-working" in browser.get(page).content.decode()
    work_on(RosterImport.objects.get().pk)
    checked = browser.get(page).content.decode()
    assert "A5" in checked
    assert "The name is missing." in checked
    assert "data-working" not in checked
    assert browser.post(page, {"act": "start"}).status_code == 422
    assert browser.post(page, {"act": "start", "skip_rejected": "yes"}).status_code == 302
    assert work_on(RosterImport.objects.get().pk).accepted == 3
    assert "Undo the import" in browser.get(page).content.decode()
    assert browser.post(page, {"act": "undo"}).status_code == 302
    assert work_on(RosterImport.objects.get().pk).status == "undone"
    assert "Autumn" in browser.get("/imports/").content.decode()


def test_page_says_what_is_wrong_with_an_upload(
    page_of: Callable[[User], Client], leader: User, formation: Formation
) -> None:
    browser = page_of(leader)
    picture = SimpleUploadedFile("x.csv", b"\x89PNG\0")

    answers = [
        browser.post("/imports/", {"id": str(uuid7()), "name": name, **file})
        for name, file in (("x", {"file": picture}), ("x", {}), ("", {"file": picture}))
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert all('role="alert"' in answer.content.decode() for answer in answers)


VILLAGES = {
    "江滨社区": [["姓名", "手机"], ["张伟", "13900000011"], ["合计", "1"]],
    "别的": [["物资"], ["雨衣"]],
    "藏": [["姓名", "手机"], ["旧人", "13900000012"]],
}


@pytest.fixture
def village_book(tmp_path: Path) -> SimpleUploadedFile:
    """Return a workbook with a sheet for a village, and two others."""
    book = Workbook()
    for name, lines in VILLAGES.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.remove(book.worksheets[0])
    book["藏"].sheet_state = "hidden"
    path = tmp_path / "villages.xlsx"
    book.save(path)
    return SimpleUploadedFile("villages.xlsx", path.read_bytes())


def test_door_says_what_was_read_and_what_was_not_in_the_language_of_the_request(
    client_of: ClientOf, commander: User, formation: Formation, village_book: SimpleUploadedFile
) -> None:
    client, unit = client_of(commander), formation.brigade.number
    body = {"id": str(uuid7()), "name": "x", "file": village_book}
    made = client.post(f"/api/v1/units/{unit}/imports", body, format="multipart").json()
    assert (made["sheets"], made["notes"]) == ([], [])
    work_on(made["id"])

    english = client.get(f"/api/v1/imports/{made['id']}", HTTP_ACCEPT_LANGUAGE="en").json()
    chinese = client.get(f"/api/v1/imports/{made['id']}", HTTP_ACCEPT_LANGUAGE="zh-hans").json()

    sheets = [(each["name"], each["fate"], each["rows"], each["unit"]) for each in english["sheets"]]
    assert sheets == [
        ("江滨社区", "read", 1, formation.squadron_b.number),
        ("别的", "no-heading", 0, ""),
        ("藏", "hidden", 1, ""),
    ]
    assert [each["text"] for each in english["sheets"]][2].startswith("Left out: the sheet is hidden.")
    assert [each["text"] for each in chinese["sheets"]][2].startswith("未读取：工作表已隐藏。如需")
    (note,) = chinese["notes"]
    assert (note["code"], note["sheet"], note["where"]) == ("totals", "江滨社区", "3")
    assert note["text"] == "这些行是合计，已略过。"


@pytest.mark.parametrize(
    ("sent", "english", "chinese"),
    [
        (b"", "The file is empty.", "文件是空的。"),
        (
            b"<html><table></table>",
            "This is no workbook, whatever its name says:",
            "文件名虽像工作簿，内容却不是",
        ),
    ],
)
def test_what_is_no_roster_is_said_in_the_language_of_the_request(
    client_of: ClientOf, leader: User, formation: Formation, sent: bytes, english: str, chinese: str
) -> None:
    for language, words in (("en", english), ("zh-CN", chinese)):
        body = {"id": str(uuid7()), "name": "x", "file": SimpleUploadedFile("名册.xls", sent)}
        refused = client_of(leader).post(
            addresses(formation)[0], body, format="multipart", HTTP_ACCEPT_LANGUAGE=language
        )
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unreadable-roster")
        assert refused.json()["detail"].startswith(words)


def test_reasons_of_a_report_are_said_in_the_language_of_the_request(
    client_of: ClientOf, leader: User, formation: Formation, file: Any
) -> None:
    client = client_of(leader)
    body = {"id": str(uuid7()), "name": "\u202e秋季", "file": file()}
    made = client.post(addresses(formation)[0], body, format="multipart").json()
    work_on(made["id"])

    (row,) = client.get(f"/api/v1/imports/{made['id']}/rows", HTTP_ACCEPT_LANGUAGE="zh-CN").json()["items"]

    assert (row["code"], row["reason"]) == ("name-missing", "缺少姓名。")
    assert made["name"] == "秋季"


def test_page_says_what_was_read_and_what_was_not_before_one_starts(
    page_of: Callable[[User], Client], commander: User, formation: Formation, village_book: SimpleUploadedFile
) -> None:
    browser = page_of(commander)
    address = f"/imports/?unit={formation.brigade.number}"
    sent = browser.post(address, {"id": str(uuid7()), "name": "x", "file": village_book})
    work_on(RosterImport.objects.get().pk)

    page = browser.get(sent.headers["Location"]).content.decode()
    browser.cookies["django_language"] = "zh-hans"
    chinese = browser.get(sent.headers["Location"]).content.decode()

    for text in ("Read: 1 row.", "Left out: the sheet is hidden.", "江滨社区: 3", "These rows are totals"):
        assert text in page
    assert f"Who names no unit comes into 江滨社区 {format_unit_number(formation.squadron_b.number)}." in page
    assert page.index("These rows are totals") < page.index('id="start"')
    for text in ("已读取 1 行。", "未读取：工作表已隐藏。如需导入其中人员", "这些行是合计，已略过。"):
        assert text in chinese


def test_page_and_door_say_why_an_import_was_given_up(
    page_of: Callable[[User], Client],
    client_of: ClientOf,
    leader: User,
    formation: Formation,
    file: Any,
    tmp_path: Path,
) -> None:
    browser = page_of(leader)
    sent = browser.post("/imports/", {"id": str(uuid7()), "name": "x", "file": file()})
    batch = RosterImport.objects.get()
    for _ in range(import_turns.MOST_DEATHS):
        import_turns.count_death(batch.pk)

    english = browser.get(sent.headers["Location"]).content.decode()
    browser.cookies["django_language"] = "zh-hans"
    chinese = browser.get(sent.headers["Location"]).content.decode()
    told = client_of(leader).get(f"/api/v1/imports/{batch.pk}", HTTP_ACCEPT_LANGUAGE="zh-hans").json()

    assert import_turns.GIVEN_UP in english
    assert "处理进程在同一处三次异常终止" in chinese
    assert (told["status"], told["failure"][:6]) == ("failed", "导入已放弃：")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "这是旧版工作簿（.xls 或 .et）"),
        (b"<html><table>", "文件名虽像工作簿，内容却不是"),
        (b"\x89PNG\0", "无法把此文件读作名册"),
    ],
)
def test_page_says_what_the_file_is_instead_of_a_roster(
    page_of: Callable[[User], Client], leader: User, formation: Formation, content: bytes, told: str
) -> None:
    browser = page_of(leader)
    browser.cookies["django_language"] = "zh-hans"
    body = {"id": str(uuid7()), "name": "x", "file": SimpleUploadedFile("x.xls", content)}

    assert told in browser.post("/imports/", body).content.decode()


def test_page_chooses_among_the_units_of_several_posts(
    page_of: Callable[[User], Client], leader: User, formation: Formation, at: datetime
) -> None:
    services.appoint(volunteer=leader.volunteer, unit=formation.squadron_c, role=Role.DEPUTY, by=None, at=at)
    browser = page_of(leader)

    other = browser.get(f"/imports/?unit={formation.squadron_c.number}").content.decode()

    assert f'action="?unit={formation.squadron_c.number}"' in other
    assert browser.get(f"/imports/?unit={formation.squadron_b.number}").status_code == 404


def test_pages_are_closed_to_others(
    page_of: Callable[[User], Client], leader: User, volunteer: User, sibling_leader: User, file: Any
) -> None:
    page = (
        page_of(leader)
        .post("/imports/", {"id": str(uuid7()), "name": "x", "file": file()})
        .headers["Location"]
    )

    assert page_of(volunteer).get("/imports/").status_code == 404
    assert page_of(sibling_leader).get(page).status_code == 404
    assert page_of(sibling_leader).post(page, {"act": "undo"}).status_code == 404
    assert Client().get(page).status_code == 302
