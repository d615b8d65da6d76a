"""Our own client in TypeScript passes every trial: real processes, from the command to its exit code."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.conformance.installation import Installation
from simulator.conformance.report import NOT_SEEN, PASSED
from simulator.conformance.trials import TRIALS
from simulator.processes import ROOT

pytestmark = [
    pytest.mark.waits,
    pytest.mark.timeout(180),  # the server starts in the first test
    pytest.mark.xdist_group("conformance"),
]

CLIENT = ROOT / "clients" / "typescript"
VITE = CLIENT / "node_modules" / "vite" / "bin" / "vite.js"
PACE = 5
HANDS_THAT_DO_NOTHING = "sed d"


def conformance(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simulator.conformance", "--port", "0", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the phone that this client makes."""
    if shutil.which("node") is None or not VITE.exists():
        pytest.skip("needs Node with the packages of clients/typescript/")
    folder = tmp_path_factory.mktemp("driver")
    config = "tests/conformance/vite.config.ts"
    command = ["node", str(VITE), "build", "--logLevel", "error", "--config", config, "--outDir", str(folder)]
    subprocess.run(command, cwd=CLIENT, check=True)
    return folder / "driver.js"


@pytest.mark.timeout(300)
def test_our_client_passes_every_trial(driver: Path, tmp_path: Path) -> None:
    hands = f"node --experimental-websocket --no-warnings {driver}"
    report, people = tmp_path / "report.json", tmp_path / "people.json"

    done = conformance(
        "--pace", str(PACE), "--hands", hands, "--slack", "20", "--report", report, "--people", people
    )

    assert done.returncode == PASSED, done.stdout + done.stderr
    outcomes = {each["trial"]: each["outcome"] for each in json.loads(report.read_text())["trials"]}
    assert outcomes == {trial.name: "passed" for trial in TRIALS}
    assert f"{len(TRIALS)} passed, 0 failed, 0 not seen" in done.stdout
    assert people.stat().st_mode & 0o077 == 0


def test_a_phone_that_does_not_come_is_not_seen(installation: Installation, tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    signs_in = {"number": installation.volunteer.number, "password": installation.volunteer.password}
    people.write_text(json.dumps({"leader": signs_in, "volunteer": signs_in}))

    done = conformance(
        *("--server", installation.server, "--people", people),
        *("--hands", HANDS_THAT_DO_NOTHING, "--patience", "0.5", "sign-in"),
    )

    assert done.returncode == NOT_SEEN, done.stdout + done.stderr
    assert "sign-in: not seen, the phone did not sign in and connect" in done.stdout


def test_list_names_every_trial_with_its_rule() -> None:
    done = conformance("--list")

    assert done.returncode == 0
    assert [trial.name for trial in TRIALS if f"\n{trial.name}\n" not in f"\n{done.stdout}"] == []


def test_unknown_trial_is_told() -> None:
    done = conformance("lost-shoe")

    assert done.returncode == 1
    assert "There is no trial lost-shoe" in done.stderr
