"""Requests generated from openapi.yaml, signed in as each kind of post, against a real process.

No answer is a 5xx, none is one that the document does not name, and nothing is taken that the document forbids.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.processes import ROOT
from simulator.throwaway import postgres_database
from tests.flows.installation import Installation

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900), pytest.mark.xdist_group("openapi")]
CALLERS = ("", "NUMBER", "LEADER")
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


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("openapi")
    with postgres_database("openapi") as url, Installation.run("web", url, folder) as started:
        yield started


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller or "anonymous")
def test_generated_requests_are_answered_as_documented(
    installation: Installation, caller: str, hostile_seconds: float, tmp_path: Path
) -> None:
    token = installation.sign_in(installation.force[caller]) if caller else ""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None

    done = subprocess.run(
        [
            program,
            "run",
            str(ROOT / "mobile_api_docs" / "openapi.yaml"),
            f"--url=http://127.0.0.1:{installation.server.port}",
            *([f"--header=Authorization: Bearer {token}"] if token else []),
            f"--checks={','.join(CHECKS)}",
            *(f"--exclude-operation-id={name}" for name in ENDS_THE_SIGN_IN),
            f"--max-time={hostile_seconds:.0f}",
            "--phases=examples,coverage,fuzzing",
            "--no-color",
            "--continue-on-failure",
            "--generation-database=none",
            "--warnings=off",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-15_000:] + done.stderr[-2_000:]
    assert not installation.complaints()
