"""Runs Muster with a province, a detachment of invented people, and phones that speak the real protocol."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number
from simulator import stage as stages
from simulator.account import Account
from simulator.demo_options import parse_options
from simulator.fleet import Fleet, Keyring
from simulator.habits import Habits
from simulator.journal import Shown
from simulator.phone import Phone
from simulator.processes import ROOT, DidNotStart, free_port
from simulator.stage import Stage

if TYPE_CHECKING:
    from simulator.scenario import Verdict

VAR = ROOT / "var"
REPORT_EVERY_S = 10.0
CONNECT_WITHIN_S = 60.0
BEGAN = time.monotonic()


def main() -> int:
    """Run the demo until Ctrl-C, or one scripted call-out."""
    options = parse_options()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return play_once(options) if options.once else run(options)
    except KeyboardInterrupt:
        return 130
    except DidNotStart as failure:
        print(f"The server did not start: {failure}", file=sys.stderr)
        return 1


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    database: Path = (options.database or VAR / "demo.sqlite3").absolute()
    database.parent.mkdir(exist_ok=True, parents=True)
    log = VAR / "demo.log"
    VAR.mkdir(exist_ok=True)
    log.write_text("")
    environment = {"DATABASE_URL": f"sqlite:///{database}", "REDIS_URL": "", "POSITION_EVERY_S": "10"}
    environment |= stages.fast_motion(options.rate)
    stage = stages.one_process(environment, options.port, log)
    kept = stages.Kept(database.with_suffix(".people.json"))
    with running(stage, environment, current=database.exists() and kept.is_current()):
        signs_in = kept.signs_in()
        if signs_in is None:
            signs_in = fill(kept.new_password())
            kept.keep(signs_in)
        stage.wait()
        announce(stage, signs_in)
        keyring = Keyring(database.with_suffix(".phones.json"))
        uvloop.run(live(stage, signs_in, options.phones, keyring))
    return 0


def play_once(options: argparse.Namespace) -> int:
    """Play the scripted call-out on a server of its own; 0 for a verdict without a fault."""
    with _place(options) as place:
        environment = place | stages.fast_motion(options.rate)
        log = Path(environment.pop("LOG"))
        if options.procfile:
            stage = stages.procfile_processes(environment, log)
        else:
            stage = stages.one_process(environment, free_port(), log)
        try:
            with running(stage, environment):
                signs_in = fill("demo-once")
                stage.wait()
                return uvloop.run(once(stage, signs_in, options.phones))
        finally:
            stages.close_connections()


@contextmanager
def _place(options: argparse.Namespace) -> Iterator[dict[str, str]]:
    """Yield the place of one call-out's data, and its server's log."""
    with stages.temporary_sqlite() as url:
        log = {"LOG": str(Path(url.removeprefix("sqlite:///")).with_name("server.log"))}
        if options.procfile:
            with stages.temporary_servers() as environment:
                yield {**environment, **log}
        else:
            yield {
                "DATABASE_URL": f"sqlite:///{options.database.absolute()}" if options.database else url,
                **log,
            }


@contextmanager
def running(stage: Stage, environment: dict[str, str], *, current: bool = False) -> Iterator[None]:
    """Migrate unless the tables are current; run the processes while the caller fills the database."""
    try:
        if current:
            step("Starting")
            stage.start()
            stages.set_up_django(environment)
        else:
            step("Preparing the database")
            stages.set_up_django(environment)
            stages.migrate()
            stage.start()
        yield
    finally:
        stage.stop()


def fill(password: str) -> dict[str, Any]:
    """Load the province and its demo people; return the sign-ins of three of them."""
    step("Loading the formation of the province")
    stages.load_formation()
    step("Loading the people of Pujiang detachment")
    return stages.load_people(password)


async def live(stage: Stage, signs_in: dict[str, Any], phones: int, keyring: Keyring) -> None:
    """Connect the phones and report on them until interrupted."""
    from asgiref.sync import sync_to_async

    from simulator import scenario

    # A duty that has ended since the last run begins again.
    await sync_to_async(stages.load_people)(signs_in["password"])
    cast = await sync_to_async(scenario.choose)(
        signs_in["detachment"], phones=phones, without=taken(signs_in)
    )
    fleet = Fleet.of(
        [person.number for person in cast.phones],
        rest=stage.rest,
        urls=stage.urls,
        password=signs_in["password"],
        habits=Habits(),
        seed=1,
        keyring=keyring,
        on_shown=_Narrator().shown,
    )
    on = {f"{person.number:08d}": person.on_duty for person in cast.phones}
    connecting = asyncio.create_task(fleet.trickle(on))
    try:
        await _report(stage, fleet)
    except asyncio.CancelledError:
        print("\nStopping")
        raise
    finally:
        connecting.cancel()
        await fleet.stop()


async def once(stage: Stage, signs_in: dict[str, Any], phones: int) -> int:
    """Connect the phones, play the scripted call-out and print its time line."""
    from asgiref.sync import sync_to_async

    from simulator import scenario, village

    cast = await sync_to_async(scenario.choose)(
        signs_in["detachment"], phones=phones, without=taken(signs_in)
    )
    fleet = Fleet.of(
        [person.number for person in cast.phones],
        rest=stage.rest,
        urls=stage.urls,
        password=signs_in["password"],
        habits=scenario.SILENT,
        seed=1,
    )
    commander = Account(stage.rest, signs_in["commander"]["number"], signs_in["password"])
    step(f"Connecting {len(fleet.phones)} phones")
    await fleet.sign_in()
    fleet.start()
    try:
        if missing := await fleet.wait_until_connected(CONNECT_WITHIN_S):
            print(
                f"{len(missing)} phones did not connect; the first: {missing[0].stopped or missing[0].closed_with}"
            )
            return 1
        step("Calling out")
        crowd = await scenario.CallOut(commander, fleet, cast).play()
        tell(crowd, "Everyone who should have got it did, and nobody else.")
    finally:
        await fleet.stop()
    step("Waking a village")
    scene = await sync_to_async(village.settle_village)(stage.rest, signs_in["detachment"])
    night = await scene.play()
    tell(night, "Everyone in the village who may be woken was asked, and nobody else.")
    return 1 if crowd.faults or night.faults else 0


def tell(verdict: "Verdict", if_good: str) -> None:
    """Print the course of a scene, and its faults or the sentence for none."""
    print("\n".join(f"  {line}" for line in verdict.lines))
    for fault in verdict.faults[:20]:
        print(f"  FAULT: {fault}")
    print(f"{len(verdict.faults)} faults" if verdict.faults else if_good)


def taken(signs_in: dict[str, Any]) -> set[int]:
    """Return the numbers of the people whose sign-ins are printed: the user of the demo plays their phones."""
    return {int(signs_in[part]["number"]) for part in ("commander", "leader", "volunteer")}


def announce(stage: Stage, signs_in: dict[str, Any]) -> None:
    """Print the addresses and the sign-ins."""
    rows = [
        (part, format_volunteer_number(int(who["number"])), f"{who['name']}, {who['unit_name']}")
        for part in ("commander", "leader", "volunteer")
        for who in [signs_in[part]]
    ]
    print(f"\n  Muster is up after {time.monotonic() - BEGAN:.1f} s:  http://localhost:{stage.web.port}/\n")
    for part, number, who in rows:
        print(f"  {part:<11} {number}   {who}")
    print(f"  {'password':<11} {signs_in['password']}\n")
    unit = format_unit_number(signs_in["detachment"])
    print(f"  Simulated phones are connecting. Sign in, call out {unit} and watch. Ctrl-C stops.")
    print(
        "  The leader's menu has the roster, numbers, imports and badges; everybody's has their own data.\n"
    )
    sys.stdout.flush()


def step(text: str) -> None:
    """Print one line of progress."""
    print(f"[{time.monotonic() - BEGAN:5.1f} s] {text}", flush=True)


class _Narrator:
    """Prints for each call-out how many phones it reached, and how fast."""

    def __init__(self) -> None:
        self._arrivals: dict[str, list[float]] = {}

    def shown(self, _: Phone, __: str, shown: Shown) -> None:
        """Take one event of one phone."""
        if shown.type != "task.called":
            return
        task = shown.data["task"]
        first = task["id"] not in self._arrivals
        self._arrivals.setdefault(task["id"], []).append(shown.at)
        if first:
            asyncio.get_running_loop().call_later(3, self._tell, task)

    def _tell(self, task: dict[str, Any]) -> None:
        arrivals = self._arrivals[task["id"]]
        spread = (max(arrivals) - min(arrivals)) * 1e3
        print(
            f"  “{task['title']}” reached {len(arrivals)} phones, the last {spread:.0f} ms after the first",
            flush=True,
        )


async def _report(stage: Stage, fleet: Fleet) -> None:
    """Print the state of the phones: on a terminal one line that is overwritten, elsewhere a line now and then."""
    every = REPORT_EVERY_S if sys.stdout.isatty() else REPORT_EVERY_S * 6
    while True:
        await asyncio.sleep(every)
        stage.web.expect_running()
        tally = ", ".join(f"{number} {what}" for what, number in fleet.tally().items())
        end = "\r" if sys.stdout.isatty() else "\n"
        print(f"  {tally}   ", end=end, flush=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    os._exit(130)
