"""The image holds what its processes need; script/image keeps nothing of the machine in it, and says what it lacks."""

import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import build_secrets
import buildah
import image_trial
from simulator.processes import ROOT, read_procfile

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
STEPS = [tuple(line.split(maxsplit=1)) for line in DOCKERFILE.splitlines() if line and line[0] not in "# "]


def copied() -> list[str]:
    """Return what the Dockerfile takes from the checkout."""
    words = [shlex.split(rest) for step, rest in STEPS if step == "COPY" and "--from" not in rest]
    return [source for *sources, _ in words for source in sources]


def is_sent(path: str) -> bool:
    """Tell whether .dockerignore lets a path of the checkout through; its last word counts."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().split():
        pattern = line.removeprefix("!").removeprefix("**/")
        parents = [path, *map(str, Path(path).parents)]
        names = [Path(parent).name for parent in parents]
        if any(fnmatch(one, pattern) for one in [*parents, *(names if "**/" in line else [])]):
            sent = line.startswith("!")
    return sent


def test_everything_that_is_copied_is_there_and_is_sent() -> None:
    found = {source: list(ROOT.glob(source)) for source in copied()}

    assert [source for source, paths in found.items() if not paths] in ([], ["client[s]"])
    assert [source for source in found if not is_sent(source.replace("[s]", "s"))] == []


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        "var/secret_key",
        "frontend/node_modules/vite/package.json",
        "clients/typescript/node_modules/uuid/package.json",
        "backend/console/static/console/manifest.json",
        "backend/lib/__pycache__/dates.pyc",
    ],
)
def test_what_is_made_or_secret_is_not_sent(path: str) -> None:
    assert not is_sent(path)


def test_processes_find_what_they_call() -> None:
    kept = {Path(source) for source in copied()}

    assert {Path("manage.py"), Path("Procfile"), Path("script/run"), Path("backend")} <= kept
    assert ("ENTRYPOINT", '["script/run"]') in STEPS
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    commands = [service["command"] for service in services.values() if service.get("build")]
    assert sorted(command for (command,) in commands) == sorted(read_procfile())
    checks = [
        service["healthcheck"].get("test", [])
        for service in services.values()
        if service.get("build") and "healthcheck" in service
    ]
    assert {Path(check[-1]) for check in checks if check} <= kept


def test_a_process_runs_without_rights() -> None:
    last = STEPS[max(index for index, (step, _) in enumerate(STEPS) if step == "FROM") :]

    assert ("USER", "muster") in last
    assert "useradd" not in "".join(rest for step, rest in last[last.index(("USER", "muster")) :])


def test_build_pulls_nothing_and_mounts_what_is_the_machines() -> None:
    secrets = {"pip.conf": Path("/x/pip.conf"), "certificates": Path("/x/ca.crt")}

    command = buildah.build_command(ROOT, tag="muster", arguments=["NODE_IMAGE=here"], secrets=secrets)

    assert "--pull=never" in command
    assert "id=certificates,src=/x/ca.crt" in command
    assert "NODE_IMAGE=here" in command
    assert set(re.findall(r"type=secret,id=([\w.]+)", DOCKERFILE)) == {"certificates", "npmrc", "pip.conf"}


def test_bases_are_those_of_the_dockerfile() -> None:
    bases = buildah.bases_of((ROOT / "Dockerfile").read_text())

    assert (bases.node, bases.python) == ("node:22-slim", "python:3.11-slim")


def test_pip_is_told_of_servers_and_not_of_folders() -> None:
    listed = [
        ":env:.index-url='https://packages.example.org/simple'",
        ":env:.default-timeout='180'",
        ":env:.find-links='/opt/wheels'",
        "global.cert='/etc/ssl/own.crt'",
        "global.extra-index-url='file:///opt/simple https://more.example.org/simple'",
        "global.index-url='https://other.example.org/simple'",
    ]

    assert build_secrets.pip_conf(listed, "/run/secrets/certificates").splitlines() == [
        "[global]",
        "extra-index-url = https://more.example.org/simple",
        "index-url = https://packages.example.org/simple",
        "timeout = 180",
        "cert = /run/secrets/certificates",
    ]
    assert build_secrets.pip_conf([], "") == "[global]\n"


def test_npm_is_told_of_servers_and_how_to_sign_in_there() -> None:
    lines = [
        "registry = https://packages.example.org/",
        "nodedir=/usr",
        "//packages.example.org/:_auth=x",
        "yes=true",
    ]

    assert build_secrets.npmrc(lines, "/ca").splitlines() == [
        "registry=https://packages.example.org/",
        "//packages.example.org/:_auth=x",
        "cafile=/ca",
        "update-notifier=false",
    ]


def test_secrets_can_be_read_by_their_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # npm takes seconds to say where its settings are
    secrets = build_secrets.write_secrets(tmp_path)

    assert {secrets[name].stat().st_mode & 0o777 for name in ("npmrc", "pip.conf")} == {0o600}


def test_containers_get_the_variables_of_compose() -> None:
    found = image_trial.composed()

    assert found["DATABASE_URL"] == "postgres://muster:muster@postgres:5432/muster"
    assert found["REDIS_URL"] == "redis://:muster@redis:6379/0"
    assert (found["ALLOWED_HOSTS"], found["MAP_STYLE_URL"]) == ("localhost,127.0.0.1", "")
    assert not any("$" in value for value in found.values())


def call_image(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "script" / "image", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_script_tells_what_it_does_and_what_it_lacks(tmp_path: Path) -> None:
    told = call_image("--help")
    refused = call_image(PATH=str(tmp_path))

    assert (told.returncode, "--base" in told.stdout) == (0, True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("image: buildah not found: install buildah and debootstrap")
