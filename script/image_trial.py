"""Tries the image: its processes in containers, as compose.yaml starts them, and the scripted call-out on them."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import uvloop
import yaml
from psycopg import sql

from buildah import buildah, told
from machine import ROOT, install_packages, may_install_packages, run, say, stop
from services import missing_packages, postgres, redis_index, with_path

sys.path.insert(0, str(ROOT))
from simulator import demo
from simulator import stage as stages
from simulator.processes import DidNotStart, Server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = {"web": 1, "sockets": 2, "clock": 1}
HEALTHY_WITHIN_S = 90.0
ENDS_WITHIN_S = 10.0
"""The time that `docker compose stop` waits before it kills."""
KEPT = "/srv/muster/var"
LANGUAGES = {"en": "Sign in", "zh-hans": "登录"}


def play(image: str, *, phones: int) -> bool:
    """Start the image's processes and play the call-out on them; true without a fault."""
    if not told(buildah("images", "--quiet", image)):
        stop(f"there is no image {image}: run script/image without --no-build.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no process or file is left behind
    install_servers()
    with postgres() as database_url, redis_index() as redis_url:
        make_database(database_url)
        with Containers.of(image, DATABASE_URL=database_url, REDIS_URL=redis_url) as containers:
            try:
                return trial(containers, phones=phones)
            except DidNotStart as failure:
                say(f"FAILED: {failure}")
                return False
            finally:
                stages.close_connections()


def trial(containers: Containers, *, phones: int) -> bool:
    """Migrate, start, check a page in each language, play, and end all in order."""
    containers.release()
    environment = containers.environment | {"SECRET_KEY": containers.secret_key()}
    stages.set_up_django(environment)
    stage = stages.Stage(environment, log=containers.log)
    stage.servers += containers.processes()
    try:
        demo.step("Starting web, sockets twice and clock from the image")
        stage.start()
        containers.wait_until_healthy(stage.servers)
        demo.step("They are healthy")
        check_pages(stage.web)
        signs_in = demo.fill(secrets.token_urlsafe(9))
        faults = uvloop.run(demo.once(stage, signs_in, phones))
        for server in stage.servers:
            server.expect_running()
        end_in_order(stage.servers)
    finally:
        for server in stage.servers:
            server.kill()
    return faults == 0


def install_servers() -> None:
    """As root on Debian, install PostgreSQL and Redis if they neither answer nor are installed."""
    missing = [name for name in missing_packages() if name in {"postgresql", "redis-server"}]
    if missing and may_install_packages() and not install_packages(missing):
        stop("apt-get could not install them; see the lines above, then run script/image --no-build.")


def make_database(url: str) -> None:
    """Make the database of this run, which is removed in the end."""
    name = url.rpartition("/")[2]
    with psycopg.connect(with_path(url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


# Containers


@dataclass
class Containers:
    """Containers of one image that share the folder with the secret key, like the volume of compose.yaml."""

    image: str
    folder: Path
    environment: dict[str, str]
    names: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def of(cls, image: str, **servers: str) -> Iterator[Containers]:
        """Yield an empty set of containers; all that are made are removed at the end."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-image-")))
            folder.chmod(0o755)
            made = cls(image, folder, {**composed(), **servers, "BIND": "127.0.0.1"})
            stack.callback(made.remove)
            yield made

    @property
    def log(self) -> Path:
        """The output of all processes."""
        return self.folder / "log"

    def release(self) -> None:
        """Run the image's `release`, and let it make the secret key."""
        demo.step("Preparing the database with the image's release")
        name = self.make("release")
        self.give_var_to_its_user(name)
        if not run(self.command(name, "release")):
            stop("the image's release failed; see the lines above.")

    def secret_key(self) -> str:
        """Return the key that the first process has made."""
        return (self.folder / "var" / "secret_key").read_text().strip()

    def processes(self) -> list[Server]:
        """Make a container for each process that serves."""
        found = []
        for service, count in SERVICES.items():
            for number in range(1, count + 1):
                name = service if count == 1 else f"{service}-{number}"
                port = 0 if service == "clock" else free_port()
                command = self.command(self.make(name), service, PORT=str(port))
                found.append(Server(name, command, port, log=self.log))
        return found

    def make(self, name: str) -> str:
        """Make one container and return its name."""
        full = f"muster-{os.getpid()}-{name}"
        if not run(buildah("from", "--pull=never", "--name", full, self.image)):
            stop("a container could not be made; see the lines above.")
        self.names.append(full)
        self.config = self.config or json.loads(told(buildah("inspect", full)))["OCIv1"]["config"]
        return full

    def command(self, name: str, *words: str, **environment: str) -> list[str]:
        """Return the command that runs the image's entry point with these words."""
        return self.call(name, *self.config["Entrypoint"], *words, **environment)

    def call(self, name: str, *words: str, **environment: str) -> list[str]:
        """Return the command that runs a program in a container, as the image's user."""
        options = ["--isolation", "chroot", "--volume", f"{self.folder / 'var'}:{KEPT}"]
        for variable, value in {**self.environment, **environment}.items():
            options += ["--env", f"{variable}={value}"]
        return buildah("run", *options, name, "--", *words)

    def give_var_to_its_user(self, name: str) -> None:
        """Give the shared folder to the image's user, as a new volume of Docker would be."""
        identity = told(buildah("run", "--isolation", "chroot", name, "--", "id", "-u"))
        if not identity.isdigit() or identity == "0":
            stop(
                f"the image does not run as an account without rights, but as {identity or 'an unknown one'}."
            )
        var = self.folder / "var"
        var.mkdir()
        os.chown(var, int(identity), int(identity))

    def wait_until_healthy(self, started: list[Server]) -> None:
        """Run the health check of compose.yaml in each container until it passes. Raises DidNotStart."""
        for server in (one for one in started if one.port):
            service = server.name.partition("-")[0]
            test = compose()["services"][service]["healthcheck"]["test"][1:]
            ask = self.call(f"muster-{os.getpid()}-{server.name}", *test, PORT=str(server.port))
            until = time.monotonic() + HEALTHY_WITHIN_S
            while subprocess.run(ask, capture_output=True, check=False).returncode:
                server.expect_running()
                if time.monotonic() > until:
                    raise DidNotStart(f"{server.name} is not healthy: {self.log.read_text()[-2_000:]}")

    def remove(self) -> None:
        """Remove every container that was made."""
        for name in self.names:
            run(buildah("rm", name))


def compose() -> dict[str, Any]:
    """Return compose.yaml."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


def composed() -> dict[str, str]:
    """Return the variables of compose.yaml for every process, with its defaults."""
    given: dict[str, str] = compose()["x-muster"]["environment"]
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in given.items()}


# What is looked at


def check_pages(web: Server) -> None:
    """Read the sign-in page in each language, and the files that it names. Raises DidNotStart."""
    for language, word in LANGUAGES.items():
        page = read(f"{web.http}/sign-in/", language)
        if word not in page:
            raise DidNotStart(f"the page for signing in does not say “{word}” in {language}")
        files = sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))
        if not any(file.endswith(".js") for file in files):
            raise DidNotStart(f"the page for signing in names no script: {files}")
        for file in files:
            read(f"{web.http}{file}", language)
    demo.step("Its pages are there, in English and Chinese")


def read(url: str, language: str) -> str:
    """Return the answer of a web address. Raises DidNotStart."""
    question = urllib.request.Request(url, headers={"Accept-Language": language})
    try:
        with urllib.request.urlopen(question, timeout=20) as answer:
            return bytes(answer.read()).decode(errors="replace")
    except OSError as fault:
        raise DidNotStart(f"{url}: {fault}") from fault


def end_in_order(started: list[Server]) -> None:
    """Send every process Docker's stop signal, and check that all end in time. Raises DidNotStart."""
    began = time.monotonic()
    for server in started:
        assert server.process is not None
        os.kill(innermost(server.process.pid), signal.SIGTERM)
    for server in started:
        assert server.process is not None
        left = max(ENDS_WITHIN_S - (time.monotonic() - began), 0.1)
        try:
            server.process.wait(left)
        except subprocess.TimeoutExpired:
            raise DidNotStart(f"{server.name} did not end within {ENDS_WITHIN_S:.0f} s of SIGTERM") from None
    demo.step(f"All ended {time.monotonic() - began:.1f} s after they were asked to")


def innermost(pid: int) -> int:
    """Return the product's own process below buildah's: chroot isolation does not forward signals."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid
