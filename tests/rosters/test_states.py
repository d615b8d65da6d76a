"""The steps of an import."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.lib.states import IllegalChange
from backend.rosters.models import ImportStatus, RosterImport

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTS: dict[str, Callable[[RosterImport], Any]] = {
    "finish_check": lambda batch: batch.finish_check(),
    "start": lambda batch: batch.start(by=None),
    "finish": lambda batch: batch.finish(at=AT),
    "begin_undo": lambda batch: batch.begin_undo(by=None),
    "undo": lambda batch: batch.undo(by=None, at=AT),
    "fail": lambda batch: batch.fail(why="three workers died"),
}
LEADS_TO = {
    ("checking", "finish_check"): "checked",
    ("checking", "undo"): "undone",
    ("checking", "fail"): "failed",
    ("checked", "start"): "importing",
    ("checked", "undo"): "undone",
    ("importing", "finish"): "imported",
    ("importing", "fail"): "failed",
    ("imported", "begin_undo"): "undoing",
    ("undoing", "undo"): "undone",
    ("undoing", "finish"): "imported",
    ("undoing", "fail"): "imported",
    ("failed", "undo"): "undone",
}


@given(first=st.sampled_from(ImportStatus.values), acts=st.lists(st.sampled_from(sorted(ACTS))))
def test_no_sequence_does_a_step_that_is_not_allowed(first: str, acts: list[str]) -> None:
    batch = RosterImport(status=first)
    for name in acts:
        before, allowed = batch.status, LEADS_TO.get((batch.status, name))
        try:
            ACTS[name](batch)
        except IllegalChange:
            assert (allowed, batch.status) == (None, before)
        else:
            assert batch.status == allowed


def test_the_sets_of_states_follow_from_the_steps() -> None:
    working = {before for before, name in LEADS_TO if name in ("finish_check", "finish", "fail")}
    undoable = {before for before, name in LEADS_TO if name in ("undo", "begin_undo")} - {"undoing"}

    assert {*ImportStatus.working()} == working
    assert {*ImportStatus.undoable()} == undoable
    assert ImportStatus.started() < ImportStatus.working() | {ImportStatus.IMPORTED}
