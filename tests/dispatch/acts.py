"""What may be done over REST in dispatch, and by whom."""

from datetime import UTC, datetime
from typing import Any

from uuid6 import uuid7

from backend.lib.clock import now
from tests.builders import task_body
from tests.contract.acts import ALL_200, DIRECTS, LEADER, V1, Act, Names, Right, opens
from tests.contract.doors import World


def _task(names: Names) -> dict[str, Any]:
    times = {name: names[name] for name in ("starts_at", "answer_by")}
    return task_body(str(names["unit"]), datetime.now(UTC), **times)


def _lives(names: Names) -> dict[str, Any]:
    return _task(names) | {"severity": "life_at_stake"}


def _call(names: Names) -> dict[str, Any]:
    return {"id": str(uuid7()), "units": [names["unit"]]}


def _basis(names: Names) -> dict[str, Any]:
    return {"legal_basis": "vital_interests", "reason": "three children"}


def _said() -> dict[str, Any]:
    return {"answer": "decline", "how": "phone", "said_at": now().isoformat()}


def _call_out(world: World, caller: str) -> dict[str, Any]:
    return {"id": str(uuid7()), "units": [world.formation.squadron_a.number]}


def _squadron(world: World, caller: str) -> str:
    return f"unit={world.formation.squadron_a.number}"


ACTS = (
    Act("GET", V1 + "me/inbox", ALL_200),
    Act(
        "GET",
        V1 + "tasks",
        LEADER,
        query=_squadron,
        own=True,
        rights=(Right("list its tasks", "tasks?unit={unit}", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        V1 + "tasks",
        {"leader": 201},
        body=lambda w, c: task_body(w.formation.squadron_a.number, w.at),
        rights=(
            Right("make a task for it", "tasks", opens(*DIRECTS), _task),
            Right(
                "make a task for it where life is at stake",
                "tasks",
                opens("dispatcher", "commander"),
                _lives,
                beyond=opens("deputy", "leader"),
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "tasks/<uuid:task_id>",
        LEADER,
        rights=(Right("see a task of it", "tasks/{task}", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        V1 + "tasks/<uuid:task_id>/call-outs",
        {"leader": 201},
        body=_call_out,
        rights=(Right("call a task of it out", "tasks/{task}/call-outs", opens(*DIRECTS), _call),),
    ),
    Act(
        "POST",
        V1 + "tasks/<uuid:task_id>/cancel",
        LEADER,
        body=lambda w, c: {"reason": "by mistake"},
        rights=(
            Right(
                "call a task of it off", "tasks/{task}/cancel", opens(*DIRECTS), lambda n: {"reason": "rain"}
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "tasks/<uuid:task_id>/recipients",
        LEADER,
        rights=(Right("see who was asked", "tasks/{task}/recipients", opens(*DIRECTS)),),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/to-phone",
        LEADER,
        rights=(
            Right("see whom of its people to phone for tasks", "units/{unit}/to-phone", opens(*DIRECTS)),
        ),
    ),
    Act(
        "GET",
        V1 + "tasks/<uuid:task_id>/units",
        LEADER,
        rights=(Right("see who was asked below", "tasks/{task}/units", opens(*DIRECTS)),),
    ),
    Act(
        "POST",
        V1 + "tasks/<uuid:task_id>/answer",
        {"volunteer": 200},
        rightful="volunteer",
        body=lambda w, c: {"answer": "accept", "eta_min": 5},
        own=True,
    ),
    # The volunteer has a phone: a leader may only note that they declined.
    Act(
        "PUT",
        V1 + "tasks/<uuid:task_id>/recipients/<str:person>/answer",
        LEADER,
        body=lambda w, c: _said(),
        rights=(
            Right(
                "note what a member who was asked has said",
                "tasks/{task}/recipients/{member}/answer",
                opens(*DIRECTS),
                lambda n: _said(),
            ),
        ),
    ),
    # The leader directs the task and is no commander: the door is there, and closed.
    Act(
        "PUT",
        V1 + "tasks/<uuid:task_id>/legal-basis",
        {"leader": 403},
        body=lambda w, c: {"legal_basis": "vital_interests", "reason": "A child is missing"},
        rights=(
            Right(
                "name why a task locates without consent",
                "tasks/{task}/legal-basis",
                opens("commander"),
                _basis,
                beyond=opens("dispatcher", "deputy", "leader"),
            ),
        ),
    ),
)
