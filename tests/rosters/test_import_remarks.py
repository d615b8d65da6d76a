"""Rows that are accepted although something in them is left open."""

from datetime import datetime
from pathlib import Path
from typing import Any

from backend.rosters.models import RosterImport
from backend.volunteers.models import Membership, Volunteer
from tests.conftest import Formation
from tests.rosters.files import csv_file, id_card


def reported(batch: RosterImport) -> list[tuple[str, str, str]]:
    return list(batch.report.order_by("row", "pk").values_list("cell", "outcome", "code"))


def test_what_is_left_open_in_a_row_is_unknown_and_stands_in_the_report(
    formation: Formation, bring: Any, tmp_path: Path, at: datetime
) -> None:
    """Whose birthday has no day is asked for no night work; of a minor that would not do, the row is refused."""
    lines = [
        ["姓名", "出生年月", "手机", "证件号码", "职务"],
        ["王　芳", "1980.12", "13800000001/6688", "E12345678", "队长"],
        ["李强", "2012.12", "13800000002", "", ""],
        ["买买提•吐尔逊", "1980.12", "13800000003", id_card(born="19801231"), ""],
    ]

    batch = bring(csv_file(tmp_path, lines), skip_rejected=True)

    assert (batch.status, batch.accepted, batch.rejected, batch.remarks) == ("imported", 2, 1, 4)
    assert reported(batch) == [
        ("C2", "remark", "phone-first-taken"),
        ("D2", "remark", "document-not-kept"),
        ("B2", "remark", "born-on-unknown"),
        ("E2", "remark", "post-not-given"),
        ("B3", "rejected", "born-on-unclear"),
    ]
    first, third = (Volunteer.objects.get(batch_id=batch.pk, name=lines[row][0]) for row in (1, 3))
    assert (first.born_on, first.is_adult(at)) == (None, False)
    assert (first.user.phone, first.id_card_sealed) == ("13800000001", "")
    assert str(third.born_on) == "1980-12-31"
    kept = (
        Membership.objects.filter(volunteer__batch_id=batch.pk).order_by("name").values_list("name", "pinyin")
    )
    assert list(kept) == [("买买提吐尔逊", "maimaitituerxun"), ("王芳", "wangfang")]
