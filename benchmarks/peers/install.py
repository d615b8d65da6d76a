"""Finds the programs of peers, and installs missing ones where that is possible."""

import shutil
import sys
from pathlib import Path

from simulator.processes import ROOT


def need(program: str, packages: tuple[str, ...], *files: Path) -> None:
    """Return once a program and its files exist; as root on Debian they are installed, elsewhere the run stops."""
    if has(program, *files):
        return
    sys.path.insert(0, str(ROOT / "script"))
    import machine  # the scripts are not a package; only a machine without the peer needs them

    names = " ".join(packages)
    if not machine.may_install_packages():
        raise SystemExit(f"script/bench: {program} is missing: install {names} and run this again.")
    if not (machine.install_packages(packages) and has(program, *files)):
        raise SystemExit(f"script/bench: {names} could not be installed; the lines above say why.")


def has(program: str, *files: Path) -> bool:
    """Tell whether a program and its files exist."""
    return shutil.which(program) is not None and all(file.exists() for file in files)
