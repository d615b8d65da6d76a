"""Each benchmark runs, on a few phones, and nobody is turned away."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.peers.nats import start as nats
from benchmarks.peers.nchan import start as nchan
from benchmarks.peers.node_ws import start as node_ws
from benchmarks.roster_again import again_figures
from simulator.processes import ROOT
from simulator.throwaway import has_postgres, has_redis_server

pytestmark = [
    pytest.mark.waits,
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not (has_postgres() and has_redis_server()), reason="needs PostgreSQL and redis-server"
    ),
]


def measured(folder: Path, *command: str) -> dict[str, Any]:
    """Run a benchmark and return what it wrote."""
    file = folder / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *command, "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written: dict[str, Any] = json.loads(file.read_text())
    assert list(written) == ["name", "figures", "ratios", "machine", "versions"]
    assert written["name"] == command[0]
    return written


@pytest.mark.skipif(
    not (nchan.is_installed() and nats.is_installed()), reason="needs nginx with nchan, and nats-server"
)
def test_fanout_gives_all_sides_the_same_bytes(tmp_path: Path) -> None:
    small = ("--phones", "20", "--rounds", "2", "--call-outs", "2", "--slow-rounds", "2")

    written = measured(tmp_path, "fanout", *small, "--target", "0", "--end-to-end", "1e9", "--beside", "1e9")

    for name in ("muster", "nchan", "nats", "channels"):
        figures = written["figures"][name]
        assert (figures["phones"], figures["refused"], figures["incomplete_rounds"]) == (20, 0, 0)
        assert figures["frame_bytes"] == [340]
    whole = written["figures"]["end_to_end"]
    assert whole["phones"] == 20
    assert 0 < whole["logged_ms"] < whole["first_ms"] <= whole["all_ms"]
    deaf = "beside_a_phone_that_never_reads"
    assert set(written["ratios"]) == {"nchan", "nats", "channels", "end_to_end", deaf}
    assert {"nginx", "nats-server"} <= set(written["versions"])


@pytest.mark.skipif(not node_ws.is_installed(), reason="needs Node and `npm ci` in benchmarks/peers/node_ws")
def test_connect_lets_everybody_in(tmp_path: Path) -> None:
    written = measured(tmp_path, "connect", "--phones", "30", "--rounds", "2")

    for name in ("muster", "bare_asgi", "node_ws"):
        assert (written["figures"][name]["phones"], written["figures"][name]["refused"]) == (30, 0)
    assert written["figures"]["closed"] == 0
    assert written["figures"]["connects_per_s"] > 0
    assert set(written["ratios"]) == {"bare_asgi", "node_ws"}


def test_memory_is_that_of_the_process(tmp_path: Path) -> None:
    written = measured(tmp_path, "memory", "--phones", "300", "--settle", "0.5")

    assert written["figures"]["phones"] == 300
    assert 1 < written["figures"]["kib_per_phone"] < 200
    assert set(written["ratios"]) == {"bare_asgi"}


def test_map_counts_what_every_console_is_sent(tmp_path: Path) -> None:
    size = ("--people", "6000", "--moving", "600", "--consoles", "3", "--seconds", "2", "--rounds", "1")

    # In two seconds a frame that comes late changes the bytes a second by a tenth.
    figures = measured(tmp_path, "map", *size, "--most", "100", "--slack", "2")["figures"]

    assert [figures[name][0]["consoles"] for name in ("none", "one", "equal", "different")] == [0, 1, 3, 3]
    assert 0 < figures["console_kb_per_s"] <= 128
    assert figures["crowded"][0]["moved_per_s"] > figures["one"][0]["moved_per_s"] > 100
    assert figures["crowded"][0]["delay_p50_ms"] > 0


def test_roster_finds_what_the_naive_schema_finds(tmp_path: Path) -> None:
    size = ("--people", "4000", "--lookups", "50", "--rounds", "3", "--slack", "1000")

    written = measured(tmp_path, "roster", *size)

    figures = written["figures"]
    assert (figures["people"], figures["nearest_recall"], figures["nearest_rare_recall"]) == (4_000, 1.0, 1.0)
    for name in ("lookup_p99_ms", "children_counts_ms", "page_1000_ratio", "prefix_ms", "nearest_ms"):
        assert figures[name] > 0
    assert {
        f"{name}_naive" for name in ("lookup", "children_counts", "page_1000", "prefix", "nearest")
    } <= set(written["ratios"])


def test_people_are_asked_sent_and_let_in_as_they_are(tmp_path: Path) -> None:
    size = ("--people", "300", "--rounds", "2", "--roster-rows", "0", "--slack", "1000")

    figures = measured(tmp_path, "people", *size)["figures"]

    assert (figures["asked_urgent"], figures["asked_normal"], figures["tracked_off_duty"]) == (60, 0, 0)
    assert (figures["sent_without_papers"], figures["minors_sent"], figures["sent_at_next_event"]) == (
        500,
        0,
        0,
    )
    assert (figures["answered_after_300_days"], figures["answered_after_400_days"]) == (1, 0)
    assert 31 < figures["minutes_to_send_500"] < 60


@pytest.mark.timeout(600)
def test_a_roster_that_comes_again_is_compared_taken_once_and_restored() -> None:
    figures = again_figures(1_000)

    assert [figures[f"again_{what}"] for what in ("expected", "found", "taken", "restored")] == [30] * 4
    assert figures["again_taken_twice"] == 0
    assert min(figures["again_s"], figures["again_first_s"]) > 0
