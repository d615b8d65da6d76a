"""Requests generated from openapi.yaml, signed in as each kind of post, against a real process.

No answer is a 5xx, none is one that the document does not name, and nothing is taken that the document forbids.
"""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from simulator.processes import ROOT
from tests.builders import task_body
from tests.flows.installation import Installation, run_python

pytestmark = [
    pytest.mark.waits,
    pytest.mark.postgres,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("openapi"),
]
SHARE = 1.5
"""Of the seconds that a hostile piece may run: there are many operations, and seven kinds of callers."""
SEED = 15
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
ENDS_THE_SIGN_IN = (
    "change_password",
    "delete_own_data",
    "end_post",
    "leave_unit",
    "merge_units",
    "merge_volunteers",
    "move_unit",
    "refresh_tokens",
    "retire",
    "retire_unit",
    "revoke_device",
    "sign_out",
    "suspend",
)
"""Operations after which the caller is not signed in, or sees nothing, any more: all others would be refused."""


def test_generated_requests_are_answered_as_documented(
    web_on_postgres: Installation, hostile_seconds: float, tmp_path: Path
) -> None:
    done = generate_requests(web_on_postgres, SHARE * hostile_seconds, tmp_path)

    assert done.returncode == 0, done.stdout[-15_000:] + done.stderr[-2_000:]
    assert not web_on_postgres.complaints()


def generate_requests(
    installation: Installation, seconds: float, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Send requests that are made from the document, and check the answers."""
    return subprocess.run(
        [
            str(shutil.which("schemathesis", path=str(Path(sys.executable).parent))),
            "run",
            str(ROOT / "mobile_api_docs" / "openapi.yaml"),
            f"--url=http://127.0.0.1:{installation.server.port}",
            f"--checks={','.join(CHECKS)}",
            *(f"--exclude-operation-id={name}" for name in ENDS_THE_SIGN_IN),
            f"--max-time={seconds:.0f}",
            f"--seed={SEED}",
            "--phases=examples,coverage,fuzzing",
            "--no-color",
            "--continue-on-failure",
            "--generation-database=none",
            "--warnings=off",
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.hostile.requests_by_posts",
            "MUSTER_GENERATED_BY": json.dumps(_world(installation)),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def _world(installation: Installation) -> dict[str, Any]:
    """Return the tokens of the callers, one for each kind of post, and the names of what there is."""
    made = json.loads(run_python(installation.server.environment, "-m", "tests.hostile.posts"))
    people = {"none": installation.force["NUMBER"], "leader": installation.force["LEADER"]}
    people |= {name: number for name, number in made.items() if not name.startswith("level")}
    tokens = {"anonymous": ""} | {post: installation.sign_in(number) for post, number in people.items()}
    made_by_leader = _made_by_leader(installation)
    units = [made[f"level {level}"] for level in (4, 3, 2, 1, 0)]
    return {"tokens": tokens, "names": {"unit": units, "person": [*people.values()], **made_by_leader}}


def _made_by_leader(installation: Installation) -> dict[str, list[str]]:
    """Return the ids of a task that was called out, of an application and of a block of numbers."""
    unit, ids = installation.force["UNIT"], [str(uuid7()) for _ in range(4)]
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    sent = {
        "tasks": task_body(unit, datetime.now(UTC), id=ids[0], answer_by=later),
        f"tasks/{ids[0]}/call-outs": {"id": ids[1], "units": [unit]},
        "applications": {"id": ids[2], "unit": unit, "name": "新人", "phone": "13900000001"},
        f"units/{unit}/number-blocks": {"id": ids[3], "size": 5},
    }
    assert installation.request("PUT", "/api/v1/me/duty", {"on": True}, by="NUMBER").status == 200
    for address, body in sent.items():
        answer = installation.request("POST", f"/api/v1/{address}", body, by="LEADER")
        assert answer.status in (201, 202), answer
    return {"task_id": [ids[0]], "task": [ids[0]], "application_id": [ids[2]], "block_id": [ids[3]]}
