"""The release that installations run: the commit that the file RELEASE names, its files, and a built copy of it."""

import fcntl
import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.processes import ROOT

FOLDER = ROOT / ".cache" / "release"
LENT = {
    ".venv": ("requirements.lock",),
    "frontend/node_modules": ("frontend/package.json", "frontend/package-lock.json"),
    "clients/typescript/node_modules": (
        "clients/typescript/package.json",
        "clients/typescript/package-lock.json",
    ),
    ".cache/tools": (),
}
"""What the release may use of this checkout's, and the files that have to be the same in both for that."""
MIGRATIONS = ":(glob)backend/*/migrations/**"


class NoHistory(Exception):
    """The release cannot be looked at: this is no git checkout, or one that was cut off."""


def release_commit(root: Path = ROOT) -> str:
    """Return the commit of the release. Raises NoHistory when this copy of the sources cannot have it."""
    commit = (root / "RELEASE").read_text().strip()
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ValueError(f"RELEASE holds {commit!r}; it names a commit by its 40 hexadecimal digits")
    if git("rev-parse", "--git-dir", root=root).returncode:
        raise NoHistory("not a git checkout, so the release is not at hand")
    if git("cat-file", "-e", f"{commit}^{{commit}}", root=root).returncode == 0:
        return commit
    if git("rev-parse", "--is-shallow-repository", root=root).stdout.strip() == b"true":
        raise NoHistory("a shallow clone without the release: git fetch --unshallow brings it")
    raise ValueError(f"RELEASE names {commit}, which is no commit of this repository")


def migrations_no_longer_as_released(root: Path = ROOT) -> list[str]:
    """Return the migrations of the release that were changed or removed since, committed or not."""
    listed = git(
        *("diff", "--name-status", "--no-renames", release_commit(root), "--", MIGRATIONS),
        root=root,
        check=True,
    )
    changes = [line.split("\t") for line in listed.stdout.decode().splitlines()]
    return [path for status, path in changes if status != "A"]


def migrations_of_the_release() -> set[tuple[str, str]]:
    """Return the app and name of each migration that installations have run already."""
    listed = git("ls-tree", "-r", "--name-only", release_commit(), "--", "backend", check=True)
    paths = [Path(line) for line in listed.stdout.decode().splitlines()]
    return {(path.parts[1], path.stem) for path in paths if path.parent.name == "migrations"}


def build_release() -> Path:
    """Return the folder of the release, prepared by its own script/setup; done again it changes nothing."""
    commit = release_commit()
    folder = FOLDER / commit
    with _one_at_a_time():
        if not folder.is_dir():
            _remove_older()
            _unpack(commit, folder)
        _lend(folder)
        done = subprocess.run(
            [folder / "script" / "setup"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"the release {commit} could not be built:\n{done.stdout}{done.stderr}")
    return folder


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_older() -> None:
    for old in FOLDER.iterdir():
        if old.is_dir():
            shutil.rmtree(old)


def _unpack(commit: str, folder: Path) -> None:
    archive = git("archive", "--format=tar", commit, check=True).stdout
    part = folder.with_suffix(".part")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(part, filter="data")
    part.rename(folder)  # so that a copy that was broken off is never taken for a whole one


def _lend(folder: Path) -> None:
    """Link what the release would install anew though it is here already: that saves minutes."""
    for name, locks in LENT.items():
        ours, theirs = ROOT / name, folder / name
        same = all(
            (ROOT / lock).exists() and (ROOT / lock).read_bytes() == (folder / lock).read_bytes()
            for lock in locks
        )
        if theirs.is_symlink():
            theirs.unlink()  # where the locks differ by now the release's script/setup must not write into ours
        if same and ours.exists() and not theirs.exists():
            theirs.parent.mkdir(exist_ok=True)
            theirs.symlink_to(ours)


def git(*arguments: str, root: Path = ROOT, check: bool = False) -> "subprocess.CompletedProcess[bytes]":
    """Run git in a checkout."""
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=check)
    except FileNotFoundError as error:
        raise NoHistory("git is not installed, so the release is not at hand") from error
