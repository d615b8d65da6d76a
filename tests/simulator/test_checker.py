"""The judge of every simulation finds each kind of wrong, and nothing where all is well."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.checker import (
    LogRow,
    TaskRow,
    answer_faults,
    count_faults,
    journal_faults,
    key_faults,
    log_faults,
    recipient_faults,
    stream_faults,
    tags_of,
    task_faults,
)
from simulator.journal import Journal, Shown, Stream

ANNA, BEN = 10000005, 10000013
LOG = [
    LogRow(1, "task.called"),
    LogRow(2, "task.called", numbers=frozenset({ANNA})),
    LogRow(3, "task.called", numbers=frozenset({BEN})),
    LogRow(4, "task.filled", tags=frozenset({"skill:patrol"})),
]


def shown(seq: int, type: str = "task.called") -> Shown:
    return Shown(seq, type, 0.0, {})


def stream(*seqs: int, start: int = 0) -> Stream:
    types = {row.seq: row.type for row in LOG}
    return Stream(
        start=start, cursor=max(seqs, default=start), shown=[shown(s, types.get(s, "?")) for s in seqs]
    )


def faults(seen: Stream) -> list[str]:
    return stream_faults(seen, LOG, number=ANNA, tags={"skill:patrol"})


def test_stream_faults_accept_what_the_log_holds_for_a_person() -> None:
    assert faults(stream(1, 2, 4)) == []


def test_stream_faults_begin_after_the_snapshot() -> None:
    assert faults(stream(4, start=2)) == []


def test_stream_faults_respect_tags() -> None:
    assert stream_faults(stream(1, 2), LOG, number=ANNA, tags=set()) == []


@pytest.mark.parametrize(
    ("seqs", "fault"),
    [
        ((1, 4), "lost: (2, 'task.called')"),
        ((1, 2), "lost: (4, 'task.filled')"),
        ((1, 2, 3, 4), "not for this person: (3, 'task.called')"),
        ((2, 1, 4), "out of order: 2, 1, 4"),
        ((1, 2, 2, 4), "shown twice: 2"),
    ],
)
def test_stream_faults_name_what_is_wrong(seqs: tuple[int, ...], fault: str) -> None:
    assert faults(stream(*seqs)) == [fault]


def test_stream_faults_count_a_later_snapshot_as_a_jump() -> None:
    seen = stream(1, 2, 4)
    seen.jumps.append((2, 3))

    assert faults(seen) == ["jumped over 2…3 by a snapshot"]


def test_stream_faults_let_a_snapshot_stand_in_for_more_than_is_sent_again() -> None:
    rows = [LogRow(seq, "task.called") for seq in range(1, 1_103)]
    far = Stream(start=0, cursor=1_102, shown=[shown(1), shown(1_102)], jumps=[(1, 1_101)])
    near = Stream(start=0, cursor=1_102, shown=[shown(1), shown(2), shown(1_102)], jumps=[(2, 1_001)])

    assert stream_faults(far, rows, number=ANNA, tags=()) == []
    assert stream_faults(near, rows, number=ANNA, tags=())[0] == "jumped over 2…1001 by a snapshot"


def test_journal_drops_repeats_and_keeps_order() -> None:
    journal = Journal()
    journal.begin("unit.1", 0)

    fresh = [journal.show("unit.1", shown(seq)) for seq in (1, 2, 1, 2, 3)]

    assert fresh == [True, True, False, False, True]
    assert [event.seq for event in journal.streams["unit.1"].shown] == [1, 2, 3]
    assert journal.streams["unit.1"].repeats == 2
    assert journal.cursors() == {"unit.1": 3}


def test_journal_faults_find_topics_that_are_missing_or_foreign() -> None:
    journal = Journal()
    journal.begin("unit.1", 4)
    journal.begin("unit.2", 0)
    journal.show("unit.3", shown(1))

    found = journal_faults(journal, {"unit.1": LOG}, number=ANNA, own={"unit.1", "person.10000005"})

    assert found == [
        "10000005 unit.3: an event of a topic it had not joined",
        "10000005 unit.2: joined, but does not belong there",
        "10000005 person.10000005: never joined",
    ]


def test_recipient_faults_accept_everyone_told_once() -> None:
    assert recipient_faults({ANNA}, {ANNA: 1, BEN: 0}) == []


def test_recipient_faults_name_each_kind() -> None:
    assert recipient_faults({ANNA}, {ANNA: 0, BEN: 2}) == [
        "1 should have got the task and did not: 10000005",
        "1 got the task and should not have: 10000013",
        "1 got the task more than once: 10000013",
    ]


def test_count_faults_accept_a_full_task_with_reserves() -> None:
    progress = {"accepted": 2, "reserve": 1, "declined": 1}

    assert count_faults(progress, ["accepted", "accepted", "reserve", "declined"], headcount=2) == []


def test_count_faults_find_an_exceeded_headcount() -> None:
    progress = {"accepted": 3, "reserve": 0, "declined": 0}

    assert count_faults(progress, ["accepted"] * 3, headcount=2) == [
        "the leader counts 3 accepted, it must be 2",
        "the leader counts 0 reserve, it must be 1",
        "3 people were told they are in; the headcount is 2",
    ]


def test_count_faults_report_answers_that_met_a_problem() -> None:
    progress = {"accepted": 0, "reserve": 0, "declined": 0}

    assert count_faults(progress, ["/problems/offer-expired"], headcount=2) == [
        "1 answers were met by /problems/offer-expired"
    ]


def test_tags_of_a_profile() -> None:
    assert tags_of({"skills": ["patrol"], "posts": [{"role": "leader"}]}) == {"skill:patrol", "post:leader"}


def test_stream_faults_name_what_came_after_a_later_one() -> None:
    journal = Journal()
    journal.begin("unit.1", 0)
    for seq in (1, 4, 2):
        journal.show("unit.1", shown(seq, LOG[seq - 1].type))

    assert faults(journal.streams["unit.1"]) == [
        "came after a later one: 2",
        "lost: (2, 'task.called')",
    ]


def test_stream_faults_let_repeats_be() -> None:
    journal = Journal()
    journal.begin("unit.1", 0)
    for seq in (1, 2, 1, 2, 4, 2):
        journal.show("unit.1", shown(seq, LOG[seq - 1].type))

    assert faults(journal.streams["unit.1"]) == []


def test_journal_goes_on_after_a_page_is_turned() -> None:
    journal = Journal()
    journal.begin("unit.1", 0)
    journal.show("unit.1", shown(1))
    before = journal.copy()

    journal.turn_page()
    again = journal.show("unit.1", shown(1))
    fresh = journal.show("unit.1", shown(2))

    assert (again, fresh) == (False, True)
    assert [event.seq for event in journal.streams["unit.1"].shown] == [2]
    assert journal.streams["unit.1"].late == []
    assert [event.seq for event in before.streams["unit.1"].shown] == [1]


def test_journal_faults_name_a_topic_that_was_taken_away() -> None:
    journal = Journal()
    journal.begin("unit.1", 4)
    journal.end("unit.1")

    assert journal_faults(journal, {}, number=ANNA, own={"unit.1"}) == [
        "10000005 unit.1: taken away",
        "10000005 unit.1: never joined",
    ]


def test_log_faults_accept_a_log_without_gaps() -> None:
    assert log_faults({"unit.1": LOG[1:]}, {"unit.1": 1}, {"unit.1": 4}) == []


@pytest.mark.parametrize(
    ("rows", "head", "named"),
    [
        ([LOG[0], LOG[2], LOG[3]], 4, "2"),
        (LOG[:3], 4, "4"),
        (LOG, 3, "4"),
        ([], 2, "1, 2"),
        ([LOG[0], LOG[0]], 1, "1, 1"),
    ],
)
def test_log_faults_name_the_numbers_that_are_missing_or_too_many(
    rows: list[LogRow], head: int, named: str
) -> None:
    assert log_faults({"unit.1": rows}, {}, {"unit.1": head}) == [
        f"unit.1: the log is not gapless up to {head}: {named}"
    ]


def test_key_faults_name_answers_that_stand_for_nothing() -> None:
    replies = [("k", {"status": "accepted"}), ("k", {"status": "declined"}), ("x", {"status": "accepted"})]

    assert key_faults(replies, {"k"}) == ["key x: answered {'status': 'accepted'}, but nothing was done"]


def task(**otherwise: Any) -> TaskRow:
    return replace(
        TaskRow("t", "called", headcount=2, accepted=2, places=2, called=1, cancelled=0), **otherwise
    )


def test_task_faults_accept_what_was_confirmed() -> None:
    assert task_faults(task(), id="t", called=True, cancelled=False) == []
    assert task_faults(None, id="t", called=False, cancelled=False) == []
    off = task(status="cancelled", accepted=0, places=0, cancelled=1)
    assert task_faults(off, id="t", called=True, cancelled=True) == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (None, "confirmed, but it is not there"),
        (task(places=3, accepted=3), "3 people have a place, the headcount is 2"),
        (task(accepted=1), "counts 1 accepted, 2 have a place"),
        (task(called=2), "told to the unit 2 times"),
        (task(called=0), "told to the unit 0 times"),
        (task(cancelled=2), "called off 2 times"),
    ],
)
def test_task_faults_name_what_is_wrong(row: TaskRow | None, fault: str) -> None:
    assert task_faults(row, id="t", called=True, cancelled=False) == [f"task t: {fault}"]


def test_task_faults_name_a_cancellation_that_got_lost() -> None:
    assert task_faults(task(), id="t", called=True, cancelled=True) == [
        "task t: called off 0 times",
        "task t: is called after its cancellation was confirmed",
    ]


def test_answer_faults_let_a_reserve_move_up_and_a_cancelled_task_let_go() -> None:
    outcomes = [(ANNA, "t", "reserve"), (BEN, "t", "accepted"), (ANNA, "u", "/problems/task-over")]

    assert answer_faults(outcomes, {(ANNA, "t"): "accepted", (BEN, "t"): "withdrawn"}) == []


def test_answer_faults_name_an_answer_that_was_lost_or_turned_round() -> None:
    outcomes = [(ANNA, "t", "accepted"), (BEN, "t", "declined"), (BEN, "u", "accepted")]

    assert answer_faults(outcomes, {(ANNA, "t"): "reserve", (BEN, "t"): "offered"}) == [
        "10000005 was told accepted for task t; it is reserve",
        "10000013 was told declined for task t; it is offered",
        "10000013 was told accepted for task u; it is None",
    ]
