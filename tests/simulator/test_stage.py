"""The processes of a simulation are those of the Procfile, and its secrets are nobody else's."""

from pathlib import Path
from uuid import UUID

import pytest

from simulator.account import Account
from simulator.demo import parse_options
from simulator.fleet import Keyring
from simulator.processes import read_procfile
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
