"""The machine's settings for a build: certificates and package servers, mounted for a step and never stored."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from machine import answers

if TYPE_CHECKING:
    from collections.abc import Iterable

MOUNTED_CERTIFICATES = "/run/secrets/certificates"
CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
PIP_KEYS = {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries"}
NPM_KEYS = ("registry=", "proxy=", "https-proxy=", "noproxy=", "strict-ssl=", "@", "//")
PIP_ORDER = ("global.", "user.", "site.", ":env:.")
"""A later file wins, as for pip itself."""


def write_secrets(folder: Path) -> dict[str, Path]:
    """Write the settings of pip and npm for a build into a folder; return every secret by its id."""
    certificates = find_certificates()
    cafile = MOUNTED_CERTIFICATES if certificates else ""
    # The interpreter of .venv has no pip.
    pips = ([sys.executable, "-m", "pip"], ["pip3"], ["pip"])
    listed = next(filter(None, (answers([*pip, "config", "list"]) for pip in pips)), "")
    texts = {
        "pip.conf": pip_conf(listed.splitlines(), cafile),
        "npmrc": npmrc(npm_lines(), cafile),
    }
    secrets = {}
    for name, text in texts.items():
        secrets[name] = folder / name
        secrets[name].touch(mode=0o600)
        secrets[name].write_text(text)
    return {**secrets, **({"certificates": certificates} if certificates else {})}


def find_certificates() -> Path | None:
    """Return the machine's bundle of certificates; SSL_CERT_FILE names another one."""
    named = os.environ.get("SSL_CERT_FILE", "")
    return next((Path(name) for name in (named, *CERTIFICATES) if name and Path(name).is_file()), None)


def pip_conf(listed: Iterable[str], cafile: str) -> str:
    """Return a pip.conf with the package servers in the output of `pip config list`.

    Folders of this machine are left out: the container does not have them, and the lock has a hash for every file.
    """
    found: dict[str, str] = {}
    lines = [line for line in listed if "=" in line]
    for prefix in PIP_ORDER:
        for line in (line for line in lines if line.startswith(prefix)):
            key, _, value = line.removeprefix(prefix).partition("=")
            kept = [part for part in value.strip("'\"").split() if not part.startswith(("file:", "/"))]
            key = {"default-timeout": "timeout"}.get(key, key)
            if key in PIP_KEYS and kept:
                found[key] = " ".join(kept)
    if cafile:
        found["cert"] = cafile
    return "\n".join(["[global]", *(f"{key} = {value}" for key, value in found.items()), ""])


def npm_lines() -> list[str]:
    """Return the lines of the machine's npm settings, and the server of the environment."""
    files = [answers(["npm", "config", "get", "globalconfig"]), str(Path.home() / ".npmrc")]
    lines = [line for file in files if Path(file).is_file() for line in Path(file).read_text().splitlines()]
    named = next((value for name, value in os.environ.items() if name.lower() == "npm_config_registry"), "")
    return [*lines, *([f"registry={named}"] if named else [])]


def npmrc(lines: Iterable[str], cafile: str) -> str:
    """Return an .npmrc with the package servers of these lines and their credentials."""
    kept = [line.replace(" = ", "=").strip() for line in lines]
    kept = [line for line in kept if line.startswith(NPM_KEYS)]
    return "\n".join([*kept, *([f"cafile={cafile}"] if cafile else []), "update-notifier=false", ""])
