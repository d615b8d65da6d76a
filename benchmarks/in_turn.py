"""Runs one benchmark in two checkouts in turn, A B B A, and compares them pair by pair.

After `git worktree add ../before COMMIT`: `.venv/bin/python -m benchmarks.in_turn ../before memory --pairs 7`.
Both sides run with the packages of this one.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parents[1]
RESAMPLES = 4_000


def main() -> int:
    """Run the pairs and print each figure of both sides, with the interval of the median ratio (95 %, bootstrap)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.in_turn", description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout of the version to compare with")
    parser.add_argument("name", help="of a benchmark")
    parser.add_argument("--pairs", type=int, default=7, metavar="N", help="runs of each side (7)")
    parser.add_argument("options", nargs="*", help="options of the benchmark, behind --")
    options = parser.parse_args()
    found: dict[Path, list[dict[str, float]]] = {options.before.resolve(): [], HERE: []}
    for pair in range(options.pairs):
        for side in list(found) if pair % 2 == 0 else reversed(list(found)):
            found[side].append(figures_of(side, options.name, options.options))
            print(".", end="", flush=True)
    print()
    before, after = found.values()
    for name in sorted(before[0].keys() & after[0].keys()):
        print(compared(name, [one[name] for one in before], [one[name] for one in after]))
    return 0


def figures_of(side: Path, name: str, options: Sequence[str]) -> dict[str, float]:
    """Return the figures and ratios of one run in a checkout. Ends the program when there are none."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "figures.json")
        command = [sys.executable, "-m", "benchmarks", name, *options, "--json", str(file)]
        done = subprocess.run(command, cwd=side, capture_output=True, text=True, check=False)
        if not file.exists():  # a missed target is no failure here
            sys.exit(f"{name} failed in {side}:\n{done.stdout}{done.stderr}")
        told = json.loads(file.read_text())
        return dict(flattened({"figures": told["figures"], "ratios": told["ratios"]}))


def flattened(figures: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of nested figures by their paths; of a list of figures, the medians."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{above}{name}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for key in value[0]:
                numbers = [one[key] for one in value if isinstance(one.get(key), int | float)]
                if numbers:
                    yield f"{above}{name}.{key}", median(numbers)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{above}{name}", value


def compared(name: str, before: Sequence[float], after: Sequence[float]) -> str:
    """Return a line with the medians of both sides, the median ratio, and its interval."""
    told = f"{name}: {median(before):.4g} before, {median(after):.4g} now"
    if not all(before):
        return told
    ratios = [now / then for then, now in zip(before, after, strict=True)]
    dice = random.Random(1)  # the same interval each time
    drawn = sorted(median(dice.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    low, high = drawn[RESAMPLES // 40], drawn[-RESAMPLES // 40 - 1]
    return f"{told}, ratio {median(ratios):.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    sys.exit(main())
