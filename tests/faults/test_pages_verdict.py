"""The judge of the pages' client sees what is lost, doubled, stale, not done and done twice."""

from typing import Any
from uuid import uuid4

from simulator.checker import LogRow
from tests.faults.network import Network
from tests.faults.pages import Phone
from tests.faults.pages_verdict import Facts, Story, act_faults, alarm_faults, state_faults, wish_faults

NUMBER = 23456781
UNIT, OWN = "unit.0726010014", f"person.{NUMBER}"
LOG = {
    UNIT: [
        LogRow(seq, "task.called", frozenset({NUMBER}) if seq != 3 else frozenset()) for seq in range(1, 6)
    ]
}


def told(*notes: tuple[str, int]) -> Story:
    return Story.told(
        [{"what": what, "topic": UNIT, "seq": seq, "type": "task.called"} for what, seq in notes]
    )


def judged(story: Story) -> tuple[list[str], list[str]]:
    return story.faults(LOG, NUMBER, ()), story.lost


def test_what_was_told_in_order_and_once_is_right() -> None:
    assert judged(told(("snapshot", 1), ("event", 2), ("event", 4), ("event", 5))) == ([], [])


def test_what_is_missing_may_come_unless_later_ones_have() -> None:
    assert judged(told(("snapshot", 1), ("event", 2), ("event", 4)))[1] == [
        f"{UNIT}: lost: [(5, 'task.called')]"
    ]
    assert judged(told(("snapshot", 1), ("event", 4), ("event", 5)))[0] == [
        f"{UNIT}: lost: [(2, 'task.called')]"
    ]


def test_what_came_twice_or_to_the_wrong_person_or_before_its_topic_is_wrong() -> None:
    everything = ("snapshot", 1), ("event", 2), ("event", 4), ("event", 5)
    assert judged(told(*everything, ("event", 5)))[0] == [f"{UNIT}: shown twice: 5"]
    assert "not for this person: [(3" in judged(told(*everything[:2], ("event", 3), *everything[2:]))[0][0]
    assert "without a snapshot before it" in judged(told(("event", 2)))[0][0]


def test_a_snapshot_stands_in_for_what_was_before_it_only_where_it_was_asked_for() -> None:
    asked = told(("snapshot", 1), ("event", 2), ("renewed", 2), ("snapshot", 5))
    assert judged(asked) == ([], [])
    unasked = told(("snapshot", 1), ("event", 2), ("snapshot", 5))
    assert judged(unasked)[0] == [f"{UNIT}: a snapshot at 5 although it had got to 2"]


def truth() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return what a page says, what the server says of its topics, and its snapshot."""
    task = {"id": "t", "status": "called", "headcount": 2, "accepted": 1}
    offer = {"task": task, "assignment": {"task": "t", "status": "accepted"}}
    duty = {"on": True, "until": None, "tracked": True}
    view = {"cursors": {OWN: 3}, "epoch": "e", "inbox": {"duty": duty, "items": {"t": offer}}, "acts": []}
    person = {"me": {"duty": duty}, "offers": {"items": [offer]}}
    return view, {"epoch": "e", "topics": {OWN: {"head": 3}}}, person


def test_a_page_that_differs_from_the_server_is_stale() -> None:
    view, topics, person = truth()
    assert state_faults(view, topics, person) == []
    view = {
        "cursors": {OWN: 2},
        "epoch": "e",
        "inbox": {
            "duty": {"on": False},
            "items": {
                "t": view["inbox"]["items"]["t"] | {"assignment": {"task": "t", "status": "offered"}},
                "u": None,
            },
        },
    }
    view["inbox"]["items"]["u"] = view["inbox"]["items"]["t"]
    assert [fault.split()[0] for fault in state_faults(view, topics, person)] == [
        "cursors",
        "duty",
        "task",
        "task",
    ]


def test_an_order_that_is_alarmed_twice_is_doubled() -> None:
    assert alarm_faults({"alarms": ["t", "u", "t"]}) == ["alarmed 2 times for task t"]


def test_an_act_is_done_as_it_was_answered_and_once() -> None:
    phone = Phone("1.0", NUMBER, Network(("", 0), [], None), alone=True)  # type: ignore[arg-type]
    done, refused = uuid4(), uuid4()
    body = {"task": "t", "answer": "accept"}
    acts = [
        {"key": str(done), "type": "assignment.answer", "body": body, "outcome": {"result": {}}},
        {"key": str(refused), "type": "assignment.answer", "body": body, "outcome": {"problem": {}}},
    ]
    facts = Facts({}, {(NUMBER, "t"): ["reserve", "accepted"]}, {(NUMBER, done.hex)})
    assert act_faults(phone, {"acts": acts}, facts) == []
    assert len(act_faults(phone, {"acts": acts}, Facts({}, {}, {(NUMBER, refused.hex)}))) == 2
    twice = Facts({}, {(NUMBER, "t"): ["accepted", "declined"]}, {(NUMBER, done.hex)})
    assert "1 answers changed the part 2 times" in act_faults(phone, {"acts": acts}, twice)[0]


def test_the_last_wish_holds() -> None:
    view, _, person = truth()
    view["acts"] = [
        {"type": "duty.set", "body": {"on": on}, "outcome": {"result": {}}} for on in (True, False)
    ] + [{"type": "assignment.answer", "body": {"task": "t", "answer": "decline"}, "outcome": {"result": {}}}]
    assert wish_faults(view, person) == [
        "asked for duty False at last, it is True",
        "task t: answered decline at last, it is accepted",
    ]
