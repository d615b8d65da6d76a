"""`python -m benchmarks NAME`: measures, prints, and writes figures to a file."""

import argparse
import json
import signal
import sys
from pathlib import Path
from types import ModuleType

from benchmarks import answers, audit, connect, fanout, ingest, mapfeed, memory, people, roster

BENCHMARKS: dict[str, ModuleType] = {
    "fanout": fanout,
    "connect": connect,
    "memory": memory,
    "ingest": ingest,
    "answers": answers,
    "map": mapfeed,
    "audit": audit,
    "roster": roster,
    "people": people,
}


def main() -> int:
    """Run the named benchmark; 1 when it missed its target."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, benchmark in BENCHMARKS.items():
        benchmark.add_options(names.add_parser(name, help=benchmark.__doc__))
    for one in names.choices.values():
        one.add_argument("--json", type=Path, metavar="FILE", help="write figures and ratios as JSON")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # removes databases and servers on SIGTERM too
    report = BENCHMARKS[options.name].run(options)
    print(report.text(), flush=True)
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=2) + "\n")
    return 0 if report.reached() else 1


if __name__ == "__main__":
    sys.exit(main())
