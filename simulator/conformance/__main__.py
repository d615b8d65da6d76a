"""Runs the kit: `script/conformance --help` tells how."""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from simulator.conformance import report as reports
from simulator.conformance.disguise import Disguise
from simulator.conformance.hands import Hands, PersonAtTheTerminal, program
from simulator.conformance.installation import Installation, throwaway, with_people
from simulator.conformance.kit import Kit
from simulator.conformance.leader import Leader
from simulator.conformance.options import parse_options
from simulator.conformance.proxy import Proxy
from simulator.conformance.report import Report
from simulator.conformance.trials import TRIALS
from simulator.conformance.trials.base import Trial
from simulator.processes import DidNotStart

INTERRUPTED = 130


def main() -> int:
    """Play the trials that the command line names; 0 when the phone passes all."""
    options = parse_options()
    trials = chosen(options.trials)
    if options.list:
        print(reports.listed(trials))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with _installation(options) as installation:
            return asyncio.run(run(options, installation, trials))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (DidNotStart, OSError) as failure:
        print(f"The kit did not start: {failure}", file=sys.stderr)
        return 1


def chosen(names: Sequence[str]) -> list[Trial]:
    """Return the trials of these names, in their order; the sign-in is always the first."""
    unknown = set(names) - {trial.name for trial in TRIALS}
    if unknown:
        raise SystemExit(f"There is no trial {', '.join(sorted(unknown))}: --list prints them all.")
    return [trial for trial in TRIALS if not names or trial.name in {*names, TRIALS[0].name}]


async def run(options: argparse.Namespace, installation: Installation, trials: Sequence[Trial]) -> int:
    """Listen, play and report."""
    report = Report()
    proxy = Proxy(installation.server, Disguise(options.pace))
    await proxy.open(options.host, options.port, _secure(options.certificate))
    try:
        address = f"{'https' if options.certificate else 'http'}://{options.host}:{proxy.port}"
        announce(options, installation, address)
        async with _hands(options, installation, address) as hands:
            kit = Kit(proxy, Leader(installation), hands, options.slack)
            numbers = {trial.name: number for number, trial in enumerate(trials, start=1)}
            verdicts = await kit.play(
                trials,
                lambda trial: report.begins(numbers[trial.name], len(trials), trial),
                report.ended,
            )
    finally:
        await proxy.close()
    print(reports.summary(verdicts, trials))
    if options.report:
        options.report.write_text(reports.as_json(verdicts, trials))
    return reports.status(verdicts)


def announce(options: argparse.Namespace, installation: Installation, address: str) -> None:
    """Print where to point the app, and write it for programs."""
    volunteer, leader = installation.volunteer, installation.leader
    print(f"\n  Point the app at  {address}")
    print(f"  volunteer         {volunteer.number}   password {volunteer.password}")
    print(f"  leader            {leader.number}   (the kit itself calls out)\n", flush=True)
    if options.server:
        return
    people: Path = options.people
    people.parent.mkdir(parents=True, exist_ok=True)
    people.touch(mode=0o600)
    signs_in = {
        name: {"number": one.number, "password": one.password}
        for name, one in (("volunteer", volunteer), ("leader", leader))
    }
    people.write_text(json.dumps({"address": address, "pace": options.pace, **signs_in}, indent=2))


@contextmanager
def _installation(options: argparse.Namespace) -> Iterator[Installation]:
    if options.server:
        yield with_people(options.server.rstrip("/"), json.loads(options.people.read_text()))
        return
    print("Starting a server", flush=True)
    with throwaway(options.pace) as installation:
        yield installation


@asynccontextmanager
async def _hands(
    options: argparse.Namespace, installation: Installation, address: str
) -> AsyncIterator[Hands]:
    if not options.hands:
        yield PersonAtTheTerminal(options.patience)
        return
    environment = {
        **os.environ,
        "MUSTER_ADDRESS": address,
        "MUSTER_NUMBER": installation.volunteer.number,
        "MUSTER_PASSWORD": installation.volunteer.password,
        "MUSTER_PACE": str(options.pace),
    }
    async with program(options.hands, environment, options.patience) as hands:
        yield hands


def _secure(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
