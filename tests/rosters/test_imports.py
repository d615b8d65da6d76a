"""Imports of rosters: checked, whole or not at all, resumed, undone."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection, connections
from uuid6 import uuid7

from backend.accounts.models import User
from backend.lib.encryption import lookup_key, unseal
from backend.lib.errors import NotFound
from backend.rosters.models import ImportStatus, Newcomer, NewcomerNumber, RosterImport
from backend.rosters.queries.imports import whole_report
from backend.rosters.services import commit, import_check, import_turns, import_worker
from backend.rosters.services.import_files import import_file
from backend.rosters.services.import_worker import next_waiting, work_on
from backend.rosters.services.imports import (
    ImportNotReady,
    RowsRejected,
    receive_import,
    start_import,
    undo_import,
)
from backend.volunteers import queries, services
from backend.volunteers.models import Membership, Standing, Volunteer
from backend.volunteers.services.units import merge_units
from tests.conftest import Formation, MakeVolunteer, Race
from tests.rosters.files import HEADINGS, csv_file, id_card, people, received, xlsx_file

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.usefixtures("imports_folder")


def reported(batch: RosterImport) -> list[tuple[str, str, str, int | None]]:
    return [(row.cell, row.outcome, row.code, row.earlier_row) for row in whole_report(batch)]


# --- importing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [csv_file, xlsx_file])
def test_import_brings_people_with_all_that_their_rows_say(
    formation: Formation, bring: Any, tmp_path: Path, make: Any
) -> None:
    card = id_card()
    lines = [
        ["姓名", "手机", "身份证号", "单位", "技能"],
        ["王大妈", "138 0000 0001", card, formation.squadron_a.number, "平安巡逻、急救"],
        ["李强", "13800000002", "", "江滨社区", ""],
        ["陈芳", "13800000003", "", "", ""],
    ]

    batch = bring(make(tmp_path, lines))

    assert (batch.status, batch.accepted, batch.duplicates, batch.rejected) == ("imported", 3, 0, 0)
    first, second, third = (
        Volunteer.objects.get(batch_id=batch.pk, name=name) for name in ("王大妈", "李强", "陈芳")
    )
    assert (first.name, first.user.phone, unseal(first.id_card_sealed, "id_card")) == (
        "王大妈",
        "13800000001",
        card,
    )
    assert first.id_card_key == lookup_key(card, "id_card")
    assert str(first.born_on) == "1980-01-31"
    assert set(first.skills.values_list("code", flat=True)) == {"patrol", "first-aid"}
    units = [person.memberships.get(is_primary=True).unit for person in (first, second, third)]
    assert units == [formation.squadron_a, formation.squadron_b, formation.brigade]
    assert len({person.number for person in (first, second, third)}) == 3
    assert first.standing == Standing.ACTIVE
    assert first.user.is_active
    assert not first.user.has_usable_password()
    assert not Newcomer.objects.exists()
    assert not NewcomerNumber.objects.exists()


def test_imported_people_are_like_those_made_one_by_one(
    formation: Formation, bring: Any, tmp_path: Path, at: datetime
) -> None:
    """Every column has what the ordinary service gives it, so that a new column is not forgotten here."""
    alone = services.create_volunteer(
        name="王", phone="13900000009", units=[formation.squadron_a], by=None, at=at
    )
    batch = bring(csv_file(tmp_path, [HEADINGS, ["王", "13900000001", "文溪社区"]]))
    together = Volunteer.objects.get(batch_id=batch.pk)

    own = {"id", "number", "user_id", "volunteer_id", "batch_id", "password"} | {
        "phone_sealed",
        "phone_key",
        "phone_tail_key",
        "seat",
    }
    for one, other in (
        (alone, together),
        (alone.user, together.user),
        (alone.memberships.get(), together.memberships.get()),
    ):
        fields = {field.attname for field in type(one)._meta.concrete_fields} - own
        assert {f: getattr(one, f) for f in fields} == {f: getattr(other, f) for f in fields}


def test_people_made_after_an_import_get_keys_of_their_own(
    formation: Formation, bring: Any, tmp_path: Path, at: datetime
) -> None:
    bring(csv_file(tmp_path, [HEADINGS[:2], *people(10)]))

    services.create_volunteer(name="王", phone="13700000000", units=[formation.squadron_a], by=None, at=at)

    assert Volunteer.objects.count() == User.objects.count() == Membership.objects.count() == 11


def test_report_names_each_row_that_was_not_plainly_accepted(
    formation: Formation, bring: Any, tmp_path: Path, make_volunteer: MakeVolunteer
) -> None:
    known = make_volunteer(formation.squadron_c)
    card = id_card()
    lines = [
        ["名册"],
        ["单位", "姓名", "手机", "职务", "身份证号", "备注"],
        ["", "甲", "13900000001", "", "", ""],
        ["", "乙", "139 0000 0001", "", "", "again"],
        ["", "丙", "12", "", "", ""],
        ["", "丁", known.user.phone, "", "", ""],
        ["", "戊", "13900000005", "队长", card, ""],
        ["", "己", "13900000006", "", card, ""],
        ["桂花明堂村", "庚", "13900000007", "", "", ""],
    ]

    batch = bring(csv_file(tmp_path, lines), dry_run=True)

    assert reported(batch) == [
        ("4", "duplicate", "phone-in-file", 3),
        ("C5", "rejected", "phone-wrong", None),
        ("D7", "remark", "post-not-given", None),
        ("8", "duplicate", "id-card-in-file", 7),
        ("A9", "rejected", "unit-unknown", None),
    ]
    assert (batch.accepted, batch.known, batch.duplicates) == (2, 1, 2)
    assert (batch.rejected, batch.remarks) == (2, 1)
    assert batch.ignored_columns == ["备注"]


def test_units_are_found_by_names_from_above(formation: Formation, bring: Any, tmp_path: Path) -> None:
    formation.squadron_b.display_name = formation.squadron_b.official_name = "文溪社区"
    formation.squadron_b.save()
    lines = [
        HEADINGS,
        ["甲", "13900000001", "文溪社区"],
        ["乙", "13900000002", "黄宅镇/桂花明堂村"],
        ["丙", "13900000003", "浦江县 / 浦阳街道"],
        ["丁", "13900000004", "浦阳街道/桂花明堂村"],
        ["戊", "13900000005", "07-26-01-001-9"],
        ["己", "13900000006", f"{formation.squadron_a.number[:-1]}-{formation.squadron_a.number[-1]}"],
    ]

    batch = bring(csv_file(tmp_path, lines), unit=formation.detachment, skip_rejected=True)

    codes = {cell: code for cell, _, code, _ in reported(batch)}
    wrong_number = {} if formation.squadron_a.number.endswith("9") else {"C6": "unit-unknown"}
    assert codes == {"C2": "unit-ambiguous", "C5": "unit-unknown"} | wrong_number
    places = {
        person.name: person.memberships.get().unit for person in Volunteer.objects.filter(batch_id=batch.pk)
    }
    assert places["乙"] == formation.squadron_c
    assert places["丙"] == formation.brigade
    assert places["己"] == formation.squadron_a


def test_people_of_a_unit_that_is_no_more_come_into_its_successor(
    formation: Formation, bring: Any, commander: User, tmp_path: Path, at: datetime
) -> None:
    """Its number stands on armbands; its name may by now be another unit's."""
    a, b = formation.squadron_a, formation.squadron_b
    merge_units(unit=a, successor=b, by=commander, at=at)
    one, other = people(2)
    lines = [["姓名", "手机", "单位"], [*one, a.number], [*other, a.display_name]]

    batch = bring(csv_file(tmp_path, lines), skip_rejected=True)

    assert Membership.objects.get(volunteer__batch_id=batch.pk).unit == b
    assert reported(batch) == [("C3", "rejected", "unit-unknown", None)]


def test_who_waits_for_a_unit_that_is_retired_comes_into_its_successor(
    formation: Formation, commander: User, tmp_path: Path, at: datetime
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    path = csv_file(tmp_path, [["姓名", "手机", "单位"], [*people(1)[0], a.number]])
    batch = work_on(received(path, formation, at).pk)
    merge_units(unit=a, successor=b, by=commander, at=at)

    start_import(import_id=batch.pk, skip_rejected=False, by=None, at=at)

    assert work_on(batch.pk).status == "imported"
    assert Membership.objects.get(volunteer__batch_id=batch.pk).unit == b


def test_an_import_into_a_unit_that_is_no_more_fails(
    formation: Formation, commander: User, tmp_path: Path, at: datetime
) -> None:
    """Who looks after the successor did not ask for these people."""
    batch = work_on(received(csv_file(tmp_path, [HEADINGS[:2], *people(2)]), formation, at).pk)
    merge_units(unit=formation.brigade, successor=formation.other_brigade, by=commander, at=at)

    start_import(import_id=batch.pk, skip_rejected=False, by=None, at=at)
    batch = work_on(batch.pk)

    assert (batch.status, batch.failure[:22]) == ("failed", "The unit is no more: i")
    assert not Newcomer.objects.exists()


def test_dry_run_leaves_nothing_but_the_report(bring: Any, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(3), ["", "13999999999"]])

    batch = bring(path, dry_run=True)

    assert (batch.status, batch.accepted, batch.rejected) == ("undone", 3, 1)
    assert len(reported(batch)) == 1
    assert not Volunteer.objects.exists()
    assert not User.objects.exists()
    assert not Newcomer.objects.exists()
    assert path.exists()


def test_same_file_again_brings_nobody_twice(bring: Any, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(5)])

    first, second = bring(path), bring(path)

    assert (first.accepted, second.accepted, second.known, second.duplicates) == (5, 0, 5, 0)
    assert second.status == "imported"
    assert Volunteer.objects.count() == 5


def test_rejected_rows_must_be_left_out_on_purpose(bring: Any, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(2), ["", "13999999999"]])

    with pytest.raises(RowsRejected):
        bring(path)

    assert not Volunteer.objects.exists()
    with pytest.raises(ImportNotReady, match="has been checked, and waits to be started"):
        bring(path, dry_run=True)
    assert bring(path, resume=True, skip_rejected=True).accepted == 2


def test_nobody_is_there_before_the_whole_batch_is(bring: Any, formation: Formation, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    def tell(batch: RosterImport) -> None:
        members = queries.counts_of(formation.brigade).members
        seen.append((batch.status, members, Volunteer.objects.count()))

    bring(csv_file(tmp_path, [HEADINGS[:2], *people(25)]), tell=tell, portion=10)

    assert seen == [("checking", 0, 0)] * 3 + [("checked", 0, 0)] + [("importing", 0, 0)] * 3 + [
        ("imported", 25, 25)
    ]


def test_report_is_bounded_and_the_rest_is_counted(
    bring: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_check, "MAX_REPORTED", 5)
    path = csv_file(tmp_path, [HEADINGS[:2], *people(8), *people(8), *[["", "13999999999"]] * 8])

    batch = bring(path, dry_run=True, portion=3)

    assert (batch.accepted, batch.duplicates, batch.rejected) == (8, 8, 8)
    assert [outcome for _, outcome, _, _ in reported(batch)] == ["duplicate"] * 5 + ["rejected"] * 5


def test_unreadable_file_fails_and_leaves_nothing(formation: Formation, at: datetime, tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, [HEADINGS[:2], *people(3)])
    batch = received(path, formation, at)
    path.write_bytes(path.read_bytes()[:-30])

    batch = work_on(batch.pk)

    assert batch.status == "failed"
    assert batch.failure
    assert not Newcomer.objects.exists()


# --- going on -----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", range(1, 9))
def test_broken_off_import_goes_on_exactly_where_it_was(
    formation: Formation, at: datetime, tmp_path: Path, after: int
) -> None:
    """Broken off after each of its transactions in turn, then resumed: exactly the file, nobody twice."""
    lines = [HEADINGS[:2], *people(30), *people(3), ["", "13999999999"]]
    batch = received(csv_file(tmp_path, lines), formation, at)
    told = 0

    def die(_: RosterImport) -> None:
        nonlocal told
        told += 1
        if told == after:
            raise Killed

    def run(tell: Any) -> None:
        work_on(batch.pk, tell=tell, portion=10)
        if RosterImport.objects.get(pk=batch.pk).status == ImportStatus.CHECKED:
            start_import(import_id=batch.pk, skip_rejected=True, by=None, at=at)
            work_on(batch.pk, tell=tell, portion=10)

    try:
        run(die)
    except Killed:
        finished = RosterImport.objects.get(pk=batch.pk).status == "imported"
        assert Volunteer.objects.count() == (30 if finished else 0)
    run(lambda _: None)

    batch.refresh_from_db()
    assert (batch.status, batch.accepted, batch.duplicates, batch.rejected) == ("imported", 30, 3, 1)
    assert sorted(Volunteer.objects.values_list("name", flat=True)) == sorted(name for name, _ in people(30))
    assert len(reported(batch)) == 4


def test_changed_file_is_not_gone_on_with(formation: Formation, at: datetime, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(30)])
    batch = received(path, formation, at)

    def die(_: RosterImport) -> None:
        raise Killed

    with pytest.raises(Killed):
        work_on(batch.pk, tell=die, portion=10)
    csv_file(tmp_path, [HEADINGS[:2], *people(40, start=5)])

    assert work_on(batch.pk).status == "failed"
    assert not Newcomer.objects.exists()


def test_one_worker_at_a_time(formation: Formation, at: datetime, tmp_path: Path) -> None:
    """A worker elsewhere keeps the batch for a minute; a process of this machine that is no more loses it at once."""
    batch = received(csv_file(tmp_path, [HEADINGS[:2], *people(3)]), formation, at)
    held = RosterImport.objects.filter(pk=batch.pk)

    held.update(worker="elsewhere:1", worker_until=at + timedelta(minutes=5))
    assert work_on(batch.pk).status == "checking"
    assert next_waiting() is None
    held.update(worker_until=at - timedelta(minutes=6))
    assert next_waiting() == batch.pk
    dead = subprocess.Popen(["true"])
    dead.wait()
    held.update(worker=f"{socket.gethostname()}:{dead.pid}")
    assert work_on(batch.pk).status == "checked"


def test_clock_leaves_a_file_that_is_not_here(formation: Formation, at: datetime, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(3)])
    received(path, formation, at)
    path.unlink()

    assert next_waiting() is None


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment in which another process works on the database of this test."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    found = connection.settings_dict
    address = (
        f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"
    )
    return {**os.environ, "DATABASE_URL": address, "SECRET_KEY": configured.SECRET_KEY, "FIELD_KEYS": ""}


@pytest.mark.postgres
@pytest.mark.timeout(120)
def test_import_survives_being_killed_again_and_again(
    transactional_db: None, formation: Formation, tmp_path: Path, environment: dict[str, str]
) -> None:
    """A real process, killed in each step of its work; resumed it makes exactly the file."""
    count = 8_000
    path = csv_file(tmp_path, [HEADINGS[:2], *people(count)])
    command = [sys.executable, "manage.py", "import_roster", str(path), "--unit", formation.brigade.number]
    command += ["--portion", "250", "--resume"]

    for wanted in ({"rows_done__gt": 2_000}, {"rows_done__gt": 5_000}, {"numbered_to__gt": 2_000}):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and not RosterImport.objects.filter(**wanted).exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not Volunteer.objects.exists()
        assert not Membership.objects.exists()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)

    batch = RosterImport.objects.get()
    assert (batch.status, batch.accepted, batch.duplicates, batch.rejected) == ("imported", count, 0, 0)
    assert set(Volunteer.objects.values_list("name", flat=True)) == {name for name, _ in people(count)}
    assert Volunteer.objects.count() == User.objects.count() == Membership.objects.count() == count
    assert not Newcomer.objects.exists()
    connections.close_all()


@pytest.mark.postgres
def test_two_imports_of_the_same_people_at_once_bring_each_once(
    race: Race, formation: Formation, tmp_path: Path, at: datetime
) -> None:
    first = csv_file(tmp_path, [HEADINGS[:2], *people(300)], name="first.csv")
    second = csv_file(tmp_path, [HEADINGS[:2], *people(300, start=100)], name="second.csv")

    def act(path: Path) -> RosterImport:
        return import_file(path, unit=formation.brigade, name=path.name, by=None, at=at, portion=50)

    batches = race(lambda: act(first), lambda: act(second))

    assert [batch.status for batch in batches] == ["imported", "imported"]
    assert sum(batch.accepted for batch in batches) == Volunteer.objects.count() == 400
    assert sum(batch.known for batch in batches) == 200
    numbers = set(Volunteer.objects.values_list("number", flat=True))
    assert len(numbers) == 400


@pytest.mark.postgres
def test_a_unit_that_is_merged_while_people_come_into_it_loses_nobody(
    race: Race,
    formation: Formation,
    commander: User,
    leader: User,
    sibling_leader: User,
    tmp_path: Path,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a, b = formation.squadron_a, formation.squadron_b
    write = commit._move
    merged: list[Any] = []

    def merge_meanwhile(*args: Any, **fixed: Any) -> int:
        if not merged:
            merged.extend(race(lambda: merge_units(unit=a, successor=b, by=commander, at=at)))
        return write(*args, **fixed)

    monkeypatch.setattr(commit, "_move", merge_meanwhile)
    path = csv_file(tmp_path, [["姓名", "手机", "单位"], *[[*line, a.number] for line in people(3)]])

    batch = import_file(path, unit=formation.brigade, name="Autumn", by=None, at=at)

    assert merged == [b]
    assert batch.status == "imported"
    found = Membership.objects.filter(volunteer__batch_id=batch.pk).values_list("unit", "unit_path")
    assert set(found) == {(b.pk, b.path)}


@pytest.mark.postgres
def test_two_workers_at_one_batch_do_it_once(
    race: Race, formation: Formation, tmp_path: Path, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on two machines: each believes in its own name."""
    names = threading.local()
    monkeypatch.setattr(import_turns, "me", lambda: getattr(names, "me", "test:0"))
    batch = received(csv_file(tmp_path, [HEADINGS[:2], *people(200)]), formation, at)

    def act(name: str) -> None:
        names.me = name
        work_on(batch.pk, portion=20)

    race(lambda: act("here:1"), lambda: act("there:1"))

    batch.refresh_from_db()
    assert (batch.status, batch.accepted, batch.duplicates) == ("checked", 200, 0)
    assert Newcomer.objects.count() == 200


# --- the command --------------------------------------------------------------------------------------------------


def test_command_imports_reports_and_undoes(formation: Formation, tmp_path: Path, capsys: Any) -> None:
    path = csv_file(tmp_path, [["姓名", "手机", "备注"], *people(3), ["", "13999999999"]])
    report = tmp_path / "report.csv"
    arguments = ["import_roster", str(path), "--unit", formation.brigade.number, "--report", str(report)]

    call_command(*arguments, "--dry-run")
    dry = capsys.readouterr().out
    call_command(*arguments, "--skip-rejected", "--name", "Autumn")
    batch = RosterImport.objects.get(name="Autumn")
    call_command("import_roster", "--undo", str(batch.pk))

    assert "3 accepted, 0 known, 0 duplicates, 1 rejected" in dry
    assert "A5: rejected: The name is missing." in dry
    assert "备注" in dry
    assert "A5" in report.read_text(encoding="utf-8-sig")
    assert not Volunteer.objects.exists()


def test_command_says_what_is_wrong(formation: Formation, tmp_path: Path) -> None:
    path = csv_file(tmp_path, [["电话"], ["1"]])

    for arguments in (
        [str(path)],
        [str(path), "--unit", "0726019990"],
        [str(path), "--unit", formation.brigade.number],
        [str(tmp_path / "none"), "--unit", formation.brigade.number],
        ["--undo", str(uuid7())],
    ):
        with pytest.raises(CommandError):
            call_command("import_roster", *arguments)


# --- the clock ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_clock_goes_on_with_what_waits(formation: Formation, at: datetime, tmp_path: Path) -> None:
    """In a thread of its own; a batch that somebody has to start is left alone."""
    batch = received(csv_file(tmp_path, [HEADINGS[:2], *people(3)]), formation, at)

    for status in ("checked", "imported"):
        assert import_worker.turn(at=at) == 1
        assert import_worker._thread is not None
        import_worker._thread.join(20)
        batch.refresh_from_db()
        assert batch.status == status
        assert import_worker.turn(at=at) == 0
        if status == "checked":
            start_import(import_id=batch.pk, skip_rejected=False, by=None, at=at)

    assert Volunteer.objects.filter(batch_id=batch.pk).count() == 3


def test_unforeseen_error_ends_an_import_and_keeps_what_is_in_the_roster(
    formation: Formation, bring: Any, at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    there = bring(csv_file(tmp_path, [HEADINGS[:2], *people(3)]))
    undo_import(import_id=there.pk, by=None, at=at)
    coming = received(csv_file(tmp_path, [HEADINGS[:2], *people(3, start=5)], name="x.csv"), formation, at)
    monkeypatch.setattr(import_worker, "delete_batch", break_down)
    monkeypatch.setattr(import_check, "stage", break_down)

    assert work_on(coming.pk).status == "failed"
    assert work_on(there.pk).status == "imported"
    assert Volunteer.objects.filter(batch_id=there.pk).count() == 3


def test_who_does_not_look_after_the_unit_changes_nothing(
    formation: Formation, stranger: User, at: datetime, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, [HEADINGS[:2], *people(3)])
    batch = received(path, formation, at)

    for act in (
        lambda: start_import(import_id=batch.pk, skip_rejected=True, by=stranger, at=at),
        lambda: undo_import(import_id=batch.pk, by=stranger, at=at),
        lambda: receive_import(
            id=uuid7(), unit=formation.brigade, name="x", path=path, file_name="x", by=stranger, at=at
        ),
    ):
        with pytest.raises(NotFound):
            act()

    assert RosterImport.objects.get().status == "checking"
