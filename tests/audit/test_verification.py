"""Whoever has the database and no key cannot change, remove, insert or swap a row without being found."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from backend.audit import keys, queries
from backend.audit.chain import next_link, opening_link
from backend.audit.models import Entry, Head
from backend.audit.queries import Stored
from backend.audit.verification import read_witnesses, verify
from tests.audit.conftest import DAY, NOON, act, found, link, sql, verified

pytestmark = pytest.mark.django_db

NOWHERE = 90_000
"""A position that no row has."""


def position_of(row: int) -> int | None:
    return Entry.objects.get(pk=row).position


def recompute(day: date) -> None:
    """Compute the links of a day anew, as whoever knows the source can; only the signatures they cannot make."""
    heads = {
        head.count: head for head in map(queries.head_of, Head.objects.filter(day=day).order_by("-number"))
    }
    first = Head.objects.filter(day=day).order_by("number").first()
    assert first is not None
    link_ = opening_link(day.isoformat(), first.previous)
    for position, entry in enumerate(Entry.objects.filter(day=day).order_by("position", "pk"), 1):
        link_ = next_link(link_, day.isoformat(), position, queries.line_of(entry))
        Entry.objects.filter(pk=entry.pk).update(position=NOWHERE + position, link=link_)
        if position in heads:
            Head.objects.filter(number=heads[position].number).update(link=link_)
    for position, entry in enumerate(Entry.objects.filter(day=day).order_by("position"), 1):
        Entry.objects.filter(pk=entry.pk).update(position=position)


def recompute_links(day: date) -> None:
    """Compute the links anew and leave the heads alone."""
    before = dict(Head.objects.filter(day=day).values_list("number", "link"))
    recompute(day)
    for number, link_ in before.items():
        Head.objects.filter(number=number).update(link=link_)


def test_an_untouched_chain_is_proven(three_days: list[int]) -> None:
    act(NOON + 2 * DAY)

    verdict = verified()

    assert verdict.finding is None
    assert (verdict.rows, verdict.days, verdict.waiting, verdict.late) == (18, 3, 1, 0)


# --- change -------------------------------------------------------------------------------------------------------

COLUMNS = {
    "act": "note.unmade",
    "subject": "note.2",
    "at": NOON - timedelta(days=1),
    "post": "leader@0726010012",
    "details": {"n": 7},
    "seal": "0" * 32,
    "key": "01890a5d-ac96-774b-bcce-b302099a8057",
    "link": "f" * 64,
    "id": 12345,
}


@pytest.mark.parametrize("index", [0, 7, 17])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found(three_days: list[int], column: str, index: int) -> None:
    row = three_days[index]
    Entry.objects.filter(pk=row).update(**{column: COLUMNS[column]})

    finding = found()

    assert (finding.kind, finding.row) == ("changed", 12345 if column == "id" else row)


def test_a_changed_actor_is_found(three_days: list[int], django_user_model: Any) -> None:
    somebody = django_user_model.objects.create_user("13800000000", "x")
    Entry.objects.filter(pk=three_days[4]).update(by=somebody)

    assert (found().kind, found().row) == ("changed", three_days[4])


@pytest.mark.parametrize("index", [0, 8, 17])
def test_a_change_is_found_though_all_links_were_computed_anew(three_days: list[int], index: int) -> None:
    row = three_days[index]
    Entry.objects.filter(pk=row).update(subject="note.2")
    recompute_links(Entry.objects.get(pk=row).day or NOON.date())

    assert (found().kind, found().row) == ("changed", row)


def test_heads_that_were_computed_anew_lack_their_signature(three_days: list[int]) -> None:
    Entry.objects.filter(pk=three_days[0]).update(subject="note.2")
    recompute(NOON.date())

    finding = found()
    assert (finding.kind, finding.row) == ("changed", three_days[0])
    assert "head 1 of 2026-03-01" in finding.text


@pytest.mark.parametrize(
    "column", ["count", "link", "closed", "fingerprints", "at", "previous", "key", "signature", "day"]
)
def test_a_changed_head_is_found(three_days: list[int], column: str) -> None:
    head = Head.objects.get(number=5)
    changed: dict[str, Any] = {
        "count": head.count + 1,
        "closed": not head.closed,
        "at": NOON,
        "day": NOON.date() + 9 * DAY,
    }
    text = "0" * len(str(getattr(head, column)))
    Head.objects.filter(number=5).update(**{column: changed.get(column, text)})

    assert (found().kind, "head 5" in found().text) == ("changed", True)


# --- removal ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(18))
def test_a_removed_row_is_found(three_days: list[int], index: int) -> None:
    position, day = position_of(three_days[index]), Entry.objects.get(pk=three_days[index]).day
    sql("DELETE FROM audit_entry WHERE id = %s", three_days[index])

    finding = found()

    assert (finding.kind, f"position {position} of {day}" in finding.text) == ("removed", True)


@pytest.mark.parametrize("index", [0, 3, 8, 16])
def test_a_removed_row_is_found_though_the_others_moved_up(three_days: list[int], index: int) -> None:
    removed = Entry.objects.get(pk=three_days[index])
    position, day = removed.position, removed.day
    sql("DELETE FROM audit_entry WHERE id = %s", removed.pk)
    recompute_links(day or NOON.date())

    finding = found()

    assert (finding.kind, f"position {position} of {day}" in finding.text) == ("removed", True)


@pytest.mark.parametrize("day", [0, 1, 2])
def test_the_rows_of_a_whole_day_are_missed(three_days: list[int], day: int) -> None:
    gone = NOON.date() + day * DAY
    sql("DELETE FROM audit_entry WHERE day = %s", gone)

    assert (found().kind, f"position 1 of {gone}" in found().text) == ("removed", True)


@pytest.mark.parametrize("day", [0, 1])
def test_a_whole_day_with_its_heads_is_missed(three_days: list[int], day: int) -> None:
    gone = NOON.date() + day * DAY
    sql("DELETE FROM audit_entry WHERE day = %s", gone)
    sql("DELETE FROM audit_head WHERE day = %s", gone)

    assert found().kind == "removed"


def test_removed_heads_in_the_middle_are_missed(three_days: list[int]) -> None:
    sql("DELETE FROM audit_head WHERE number = 5")

    assert (found().kind, "head 5" in found().text) == ("removed", True)


def test_the_last_head_removed_leaves_rows_without_proof(three_days: list[int]) -> None:
    sql("DELETE FROM audit_head WHERE number = (SELECT max(number) FROM audit_head)")

    assert (found().kind, found().row) == ("inserted", three_days[16])


def test_a_cut_off_end_is_found_by_a_head_that_was_kept_elsewhere(three_days: list[int]) -> None:
    told = [
        f'{{"event": "audit head {head.number} {head.day} count {head.count} digest {head.digest}"}}'
        for head in map(queries.head_of, Head.objects.order_by("number"))
    ]
    sql("DELETE FROM audit_entry WHERE day = %s AND position > 2", NOON.date() + 2 * DAY)
    last = Head.objects.filter(day=NOON.date() + 2 * DAY, count=2).get().number
    sql("DELETE FROM audit_head WHERE number > %s", last)
    public = {keys.own_key_id(): keys.own_public_key()}

    assert verify(Stored(), public).finding is None  # by itself the chain cannot tell
    finding = verify(Stored(), public, witnesses=read_witnesses(told)).finding

    assert finding is not None
    assert (finding.kind, "position 3 of 2026-03-03" in finding.text) == ("removed", True)


def test_a_chain_that_went_on_after_it_was_cut_is_found_by_a_head_that_was_kept(
    three_days: list[int],
) -> None:
    told = [
        f"audit head {head.number} {head.day} count {head.count} digest {head.digest}"
        for head in map(queries.head_of, Head.objects.order_by("number"))
    ]
    sql("DELETE FROM audit_entry WHERE day = %s AND position > 2", NOON.date() + 2 * DAY)
    sql("DELETE FROM audit_head WHERE number > 9")
    for step in range(3):
        act(NOON + 2 * DAY)
        link(NOON + 2 * DAY + timedelta(minutes=step))

    finding = verify(
        Stored(), {keys.own_key_id(): keys.own_public_key()}, witnesses=read_witnesses(told)
    ).finding

    assert finding is not None
    assert "was put back" in finding.text


def told_of(heads: Any) -> list[str]:
    return [
        f"audit head {head.number} {head.day} count {head.count} digest {head.digest}"
        for head in map(queries.head_of, heads)
    ]


def test_a_chain_that_was_put_back_is_found_though_the_log_tells_of_its_new_heads_too(
    three_days: list[int],
) -> None:
    told = told_of(Head.objects.order_by("number"))
    sql("DELETE FROM audit_entry WHERE day = %s AND position > 2", NOON.date() + 2 * DAY)
    sql("DELETE FROM audit_head WHERE number > 9")
    for step in range(3):
        act(NOON + 2 * DAY)
        link(NOON + 2 * DAY + timedelta(minutes=step))
    public = {keys.own_key_id(): keys.own_public_key()}
    anew = told_of(Head.objects.order_by("number"))

    for lines in (told + anew, anew + told):
        finding = verify(Stored(), public, witnesses=read_witnesses(lines)).finding
        assert finding is not None
        assert "was put back" in finding.text


def test_the_head_before_the_first_day_is_compared_too(three_days: list[int]) -> None:
    book = Stored(since=NOON.date() + DAY)
    assert book.before is not None
    known = f"audit head {book.before.number} 2026-03-01 count 6 digest {'0' * 64}"

    finding = verify(
        book, {keys.own_key_id(): keys.own_public_key()}, witnesses=read_witnesses([known])
    ).finding

    assert finding is not None
    assert "was put back" in finding.text


def test_a_row_that_loses_its_place_is_found(three_days: list[int]) -> None:
    sql("UPDATE audit_entry SET day = NULL, position = NULL, link = 'x' WHERE id = %s", three_days[17])
    sql("UPDATE audit_head SET count = count WHERE number = 1")

    assert found().kind == "removed"


def test_a_row_hidden_beside_the_chain_is_found(three_days: list[int]) -> None:
    act()
    hidden = Entry.objects.get(link="")
    sql("UPDATE audit_entry SET link = 'x' WHERE id = %s", hidden.pk)

    assert (found().kind, found().row) == ("changed", hidden.pk)


def test_a_row_linked_anew_is_missed_where_it_was(three_days: list[int]) -> None:
    sql("UPDATE audit_entry SET day = NULL, position = NULL, link = '' WHERE id = %s", three_days[3])
    link(NOON + 2 * DAY)

    assert (found().kind, "position 4 of 2026-03-01" in found().text) == ("removed", True)


# --- insertion ----------------------------------------------------------------------------------------------------


def forged(position: int | None, day: date | None, **fields: Any) -> Entry:
    """Insert a row the way somebody does who can write to the database."""
    content = {"act": "post.given", "subject": "volunteer.1", "at": NOON, "seal": "0" * 32, "link": "a" * 64}
    key = "01890a5d-ac96-774b-bcce-b302099a8057"
    return Entry.objects.create(**{**content, "key": key, "day": day, "position": position, **fields})


@pytest.mark.parametrize("index", [0, 3, 11])
def test_an_inserted_row_is_found_though_the_others_moved_down(three_days: list[int], index: int) -> None:
    before = Entry.objects.get(pk=three_days[index])
    day, position = before.day or NOON.date(), before.position or 0
    later = list(Entry.objects.filter(day=day, position__gte=position).order_by("-position"))
    for entry in later:
        Entry.objects.filter(pk=entry.pk).update(position=(entry.position or 0) + 1)
    row = forged(position, day)
    recompute_links(day)

    assert (found().kind, found().row) == ("inserted", row.pk)


def test_a_row_inserted_at_the_end_of_a_day_is_found(three_days: list[int]) -> None:
    row = forged(7, NOON.date())

    assert (found().kind, found().row) == ("inserted", row.pk)


def test_a_row_inserted_at_the_end_of_the_chain_is_found(three_days: list[int]) -> None:
    row = forged(7, NOON.date() + 2 * DAY)

    assert (found().kind, found().row) == ("inserted", row.pk)


def test_a_row_inserted_on_a_day_of_its_own_is_found(three_days: list[int]) -> None:
    row = forged(1, NOON.date() - DAY)

    assert (found().kind, found().row) == ("inserted", row.pk)


def test_a_row_that_waits_and_was_forged_is_found_by_its_seal(three_days: list[int]) -> None:
    row = forged(None, None, link="")
    public = {keys.own_key_id(): keys.own_public_key()}

    finding = verify(Stored(), public, is_sealed=keys.is_sealed).finding

    assert finding is not None
    assert (finding.kind, finding.row) == ("inserted", row.pk)


def test_a_row_that_was_refused_is_found_with_the_public_key_alone(three_days: list[int]) -> None:
    row = forged(None, None, link="")
    link(NOON + 2 * DAY)

    assert (found().kind, found().row) == ("inserted", row.pk)


def test_a_head_of_another_key_is_found(three_days: list[int], settings: Any) -> None:
    mine = {keys.own_key_id(): keys.own_public_key()}
    settings.AUDIT_KEY = b"k" * 32
    act(NOON + 2 * DAY)
    link(NOON + 2 * DAY)

    finding = verify(Stored(), mine).finding

    assert finding is not None
    assert f"no public key {keys.own_key_id()} was given" in finding.text
    both = keys.read_public_keys("".join(map(keys.as_pem, [*mine.values(), keys.own_public_key()])))
    assert verify(Stored(), both).finding is None


# --- swapping -----------------------------------------------------------------------------------------------------


def exchange(first: int, second: int, *columns: str) -> None:
    """Give each of two rows what the other has in some columns."""
    one, other = (Entry.objects.filter(pk=pk).values(*columns).get() for pk in (first, second))
    for pk in (first, second):
        Entry.objects.filter(pk=pk).update(**({"position": NOWHERE + pk} if "position" in columns else {}))
    keyless = {name: value for name, value in one.items() if name != "key"}
    if "key" in columns:
        Entry.objects.filter(pk=first).update(key="01890a5d-ac96-774b-bcce-b302099a8057")
    Entry.objects.filter(pk=second).update(**keyless, **({"key": one["key"]} if "key" in columns else {}))
    Entry.objects.filter(pk=first).update(**other)


PAIRS = [(0, 1), (0, 5), (6, 9), (16, 17)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize(
    "columns",
    [("position",), ("position", "link"), ("act", "subject", "at", "post", "details", "by", "seal", "key")],
    ids=["place", "place and link", "content"],
)
def test_two_swapped_rows_are_found(
    three_days: list[int], first: int, second: int, columns: tuple[str, ...]
) -> None:
    one, other = three_days[first], three_days[second]
    if "key" in columns:
        sql("UPDATE audit_entry SET key = '01890a5d-ac96-774b-bcce-b302099a8057' WHERE id = -1")
    exchange(one, other, *columns)

    finding = found()

    assert finding.kind == "swapped"
    assert finding.row in {one, other}
    assert {str(one), str(other)} <= set(re.findall(r"\d+", finding.text))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_swapped_rows_are_found_though_all_links_were_computed_anew(
    three_days: list[int], first: int, second: int
) -> None:
    exchange(three_days[first], three_days[second], "position")
    recompute_links(Entry.objects.get(pk=three_days[first]).day or NOON.date())

    assert (found().kind, found().row) == ("swapped", three_days[second])


# --- parts of it, files, the command ------------------------------------------------------------------------------


def test_some_days_are_proven_by_themselves(three_days: list[int]) -> None:
    public = {keys.own_key_id(): keys.own_public_key()}
    sql("DELETE FROM audit_entry WHERE id = %s", three_days[0])
    second = NOON.date() + DAY

    verdict = verify(Stored(second, second), public)

    assert (verdict.finding, verdict.rows, verdict.days) == (None, 6, 1)


def test_a_day_that_is_missing_before_the_others_is_noticed(three_days: list[int]) -> None:
    public = {keys.own_key_id(): keys.own_public_key()}
    second = NOON.date() + DAY
    sql("DELETE FROM audit_entry WHERE day = %s", second)
    sql("DELETE FROM audit_head WHERE day = %s", second)

    finding = verify(Stored(second), public).finding

    assert finding is not None
    assert (finding.kind, "after position 6 of 2026-03-01" in finding.text) == ("removed", True)


def test_rows_that_were_linked_long_after_their_act_are_counted(db: None) -> None:
    act(NOON)
    link(NOON + 2 * DAY)

    assert verified().late == 1


@pytest.fixture
def exported(three_days: list[int], tmp_path: Path) -> Path:
    """Export three days and a row that waits."""
    act(NOON + 2 * DAY)
    call_command("export_audit", str(tmp_path / "audit.jsonl"))
    return tmp_path / "audit.jsonl"


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    (tmp_path / "audit.pem").write_text(keys.as_pem(keys.own_public_key()))
    return tmp_path / "audit.pem"


def test_an_exported_file_is_proven_without_the_database(
    exported: Path, public_key: Path, capsys: Any, django_assert_num_queries: Any, settings: Any
) -> None:
    settings.AUDIT_KEY, settings.AUDIT_SEAL_KEY = b"x" * 32, b"x" * 32

    with django_assert_num_queries(0):
        call_command("verify_audit", str(exported), key=public_key)

    told = capsys.readouterr().out
    assert "Proven: 18 rows of 3 days" in told
    assert "1 row not linked yet" in told


@pytest.mark.parametrize("line", [1, 2, 10, 20])
@pytest.mark.parametrize("how", ["changed", "removed", "twice", "swapped"])
def test_a_file_that_was_edited_is_found(exported: Path, public_key: Path, line: int, how: str) -> None:
    lines = exported.read_text().splitlines()
    if how == "changed":
        lines[line] = re.sub(
            r'"(key|signature)":"(.)', lambda m: f'"{m[1]}":"{"0" if m[2] != "0" else "1"}', lines[line]
        )
    elif how == "removed":
        del lines[line]
    elif how == "twice":
        lines.insert(line, lines[line])
    else:
        lines[line], lines[line + 1] = lines[line + 1], lines[line]
    exported.write_text("\n".join(lines) + "\n")

    with pytest.raises(CommandError) as failed:
        call_command("verify_audit", str(exported), key=public_key)
    assert failed.value.returncode == 1


def test_a_file_of_some_days_is_proven(three_days: list[int], public_key: Path, tmp_path: Path) -> None:
    call_command(
        "export_audit", str(tmp_path / "part.jsonl"), "--from", "2026-03-02", "--until", "2026-03-02"
    )

    call_command("verify_audit", str(tmp_path / "part.jsonl"), key=public_key)


def test_a_file_without_its_first_days_says_where_it_begins(
    exported: Path, public_key: Path, capsys: Any
) -> None:
    first, *lines = exported.read_text().splitlines()
    closing = next(n for n, line in enumerate(lines) if '"closed":true' in line)
    begin = json.loads(first) | {"before": json.loads(lines[closing])["head"]}
    exported.write_text("\n".join([json.dumps(begin), *lines[closing + 1 :]]) + "\n")

    call_command("verify_audit", str(exported), key=public_key)

    assert "It begins after head 4 of 2026-03-01" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "value"), [("signature", "null"), ("count", '"x"'), ("id", "[]"), ("at", "1"), ("details", "3")]
)
def test_a_file_with_other_kinds_of_values_cannot_be_read(
    exported: Path, public_key: Path, field: str, value: str
) -> None:
    text = exported.read_text()
    exported.write_text(re.sub(rf'"{field}":("[^"]*"|\d+|{{[^}}]*}})', f'"{field}":{value}', text))

    with pytest.raises(CommandError) as failed:
        call_command("verify_audit", str(exported), key=public_key)
    assert failed.value.returncode == 2


@pytest.mark.parametrize("content", ["", "{}\n", "not json\n", '{"form": "muster audit 1"}\n{"row": {}}\n'])
def test_what_is_no_audit_is_said_to_be_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "other").write_text(content)

    with pytest.raises(CommandError) as failed:
        call_command("verify_audit", str(tmp_path / "other"))
    assert failed.value.returncode == 2


def test_the_command_names_the_row_and_says_what_to_do(three_days: list[int]) -> None:
    sql("UPDATE audit_entry SET subject = 'note.2' WHERE id = %s", three_days[8])

    with pytest.raises(CommandError, match=rf"CHANGED: row {three_days[8]} .*") as failed:
        call_command("verify_audit")
    assert failed.value.returncode == 1
    assert "What to do" in str(failed.value)
    assert "Proven before it: 8 rows of 2 days, 5 signed heads" in str(failed.value)


def test_the_key_of_another_installation_proves_nothing(three_days: list[int], tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_text(keys.as_pem(Ed25519PrivateKey.generate().public_key()))

    with pytest.raises(CommandError, match="no public key"):
        call_command("verify_audit", key=tmp_path / "other.pem")


def test_the_command_takes_the_log_of_the_clock(three_days: list[int], tmp_path: Path) -> None:
    last = queries.last_head()
    assert last is not None
    log = tmp_path / "clock.log"
    log.write_text(f"x audit head {last.number + 1} {last.day} count 9 digest {'0' * 64}\n")

    with pytest.raises(CommandError, match="REMOVED"):
        call_command("verify_audit", heads=log)
    log.write_text("nothing\n")
    with pytest.raises(CommandError, match="names no head"):
        call_command("verify_audit", heads=log)


def test_the_public_key_is_printed(db: None, capsys: Any) -> None:
    call_command("show_audit_key")

    assert keys.read_public_keys(capsys.readouterr().out).keys() == {keys.own_key_id()}
