"""Starts nginx with nchan from Debian's packages, and posts events to it."""

import subprocess
import time
from pathlib import Path
from string import Template

from benchmarks.crowd import Crowd
from benchmarks.peers.install import has, need
from benchmarks.rest import post
from benchmarks.rounds import Side
from benchmarks.stage import SERVER_CORE, Stage, pinned
from simulator.processes import Server, free_port

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


def is_installed() -> bool:
    """Tell whether the peer can run without an installation."""
    return has("nginx", MODULE)


def server(stage: Stage) -> Server:
    """Return nginx with one worker on the server's core; install it if it is missing."""
    need("nginx", ("nginx-light", "libnginx-mod-nchan"), MODULE)
    folder = stage.folder / "nchan"
    folder.mkdir()
    port = free_port()
    template = Template((Path(__file__).parent / "nginx.conf").read_text())
    (folder / "nginx.conf").write_text(template.substitute(module=MODULE, folder=folder, port=port))
    command = (*pinned(SERVER_CORE), "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"))
    return Server("nchan", command, port, log=folder / "log")


def side(server: Server, event: bytes, mark: bytes) -> Side:
    """Return the side whose event reaches all phones by one POST."""

    async def publish() -> int:
        began = time.monotonic_ns()
        answer = await post(server.port, "/publish", event)
        assert answer.status in {201, 202}, f"nchan took no event: {answer}"
        return began

    return Side(Crowd("nchan", server.ws, mark), publish)


def versions() -> dict[str, str]:
    """Return the versions of the peer."""
    told = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    package = ["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"]
    nchan = subprocess.run(package, capture_output=True, text=True, check=False).stdout
    return {"nginx": told.strip().rpartition("/")[2], "nchan": nchan or "unknown"}
