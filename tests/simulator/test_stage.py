"""The processes of a simulation are those of the Procfile, and its secrets are nobody else's."""

import socket
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from simulator.account import Account
from simulator.demo_options import parse_options
from simulator.fleet import Keyring
from simulator.processes import ROOT, read_procfile
from simulator.rest import Rest
from simulator.stage import Kept, one_process, procfile_processes


def test_procfile_names_the_processes_of_an_installation() -> None:
    assert read_procfile().keys() >= {"web", "sockets", "clock"}


def test_procfile_lines_keep_the_colons_of_their_commands(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# comment\nweb: run --port ${PORT:-8000} module:application\n")

    assert read_procfile(file) == {"web": "run --port ${PORT:-8000} module:application"}


def test_one_process_serves_everything_without_a_bus() -> None:
    stage = one_process({"REDIS_URL": "redis://elsewhere"}, 8123, None)

    assert [server.name for server in stage.servers] == ["web"]
    assert stage.servers[0].environment["REDIS_URL"] == ""
    assert stage.servers[0].environment["CLOCK_INSIDE"] == "1"
    assert stage.urls == ["ws://127.0.0.1:8123/ws/v1/"]


def test_procfile_processes_spread_phones_over_two_sockets_processes() -> None:
    stage = procfile_processes({}, None)

    assert [server.name for server in stage.servers] == ["web", "sockets-1", "sockets-2", "clock"]
    assert len(set(stage.urls)) == 2
    assert stage.web.ws not in stage.urls


@pytest.mark.django_db
def test_sign_ins_of_people_who_are_gone_are_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "demo.people.json"
    kept = Kept(file)
    assert kept.signs_in() is None

    kept.keep({"commander": {"number": "10000005"}, "password": kept.new_password()})

    assert kept.signs_in() is None
    assert file.stat().st_mode & 0o077 == 0


def test_keyring_goes_on_with_the_last_refresh_token(tmp_path: Path) -> None:
    file = tmp_path / "phones.json"
    rest = Rest("http://127.0.0.1:9")
    first = Account(rest, "10000005", "secret", refresh="refresh-token")
    Keyring(file).save([first])

    again = Keyring(file).account(rest, "10000005", "secret")

    assert (again.refresh, again.device) == ("refresh-token", UUID(str(first.device)))
    assert file.stat().st_mode & 0o077 == 0


def test_procfile_option_needs_once() -> None:
    with pytest.raises(SystemExit):
        parse_options(["--procfile"])


@pytest.mark.parametrize("given", [["--help"], ["--port", "{taken}"], ["--nonsense"], ["--procfile"]])
def test_demo_answers_at_once_without_any_package(given: list[str], tmp_path: Path) -> None:
    """What is asked for, or wrong, is said before anything is installed or built."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        done = subprocess.run(
            [
                sys.executable,
                "-E",
                "-s",
                "-S",
                ROOT / "script" / "demo",
                *(one.format(taken=taken) for one in given),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert "setup" not in done.stdout
    assert "Making" not in done.stdout
    if given == ["--help"]:
        assert (done.returncode, "--phones" in done.stdout) == (0, True)
    else:
        assert (done.returncode, "script/demo: error:" in done.stderr) == (2, True)
