"""The results of a benchmark, and the machine that it ran on."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import Any

PACKAGES = (
    "django",
    "channels",
    "channels-redis",
    "daphne",
    "uvicorn",
    "uvloop",
    "websockets",
    "redis",
    "picows",
)


@dataclass
class Report:
    """Figures of one run. `ratios` are ours divided by the peer's; `targets` are minima of them, `limits` maxima.

    `versions` are those of peers that are not Python packages.
    """

    name: str
    figures: dict[str, Any]
    ratios: dict[str, float]
    targets: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def reached(self) -> bool:
        """Tell whether every ratio is within its bounds."""
        enough = all(self.ratios.get(name, 0) >= least for name, least in self.targets.items())
        return enough and all(self.ratios.get(name, inf) <= most for name, most in self.limits.items())

    def text(self) -> str:
        """Return the report for readers."""
        ratios = [f"ratio {name}: {ratio:.2f}{self._wanted(name)}" for name, ratio in self.ratios.items()]
        return "\n".join(["", *self.lines, "", *ratios])

    def _wanted(self, name: str) -> str:
        if name in self.targets:
            return f" (at least {self.targets[name]:g} wanted)"
        return f" (at most {self.limits[name]:g} wanted)" if name in self.limits else ""

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "name": self.name,
            "figures": self.figures,
            "ratios": {peer: round(ratio, 2) for peer, ratio in self.ratios.items()},
            "machine": machine(),
            "versions": {**versions(), **self.versions},
        }


def machine() -> dict[str, Any]:
    """Return the properties of the machine that the figures depend on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Return the versions of all programs that take part."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def _cpu_model() -> str:
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
