"""The nginx configuration of docs/operations.md, as it stands, before real processes on PostgreSQL and Redis."""

import json
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from uuid6 import uuid7

from backend.realtime.socket.admission import FAILED_AT_ONCE
from simulator.processes import ROOT, free_port
from simulator.throwaway import postgres_database
from tests.flows.installation import Installation
from tests.flows.raw import HELLO, Raw, Response

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NAME = "muster.example.org"
SECRET = "s3cretOfATracker"
MB = 1_000_000
LEADER, OTHER, GUESSER, FLOODER, SPOOFER = (f"127.0.0.{n}" for n in (11, 12, 13, 14, 15))

pytestmark = [
    pytest.mark.waits,
    pytest.mark.postgres,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("nginx"),
    pytest.mark.skipif(NGINX is None, reason="needs nginx"),
]


@dataclass
class Proxy:
    """nginx in front of `web` and `sockets`."""

    web: Installation
    sockets: Installation
    http: int
    https: int
    folder: Path
    trusts: ssl.SSLContext

    def opened(self, source: str = OTHER) -> Raw:
        """Return a connection by TLS."""
        return Raw(self.https, source, tls=self.trusts, name=NAME)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **by: str
    ) -> Response:
        """Send one request by TLS on a connection of its own; `token` signs it, `source` sends it."""
        given = dict(headers or {})
        if token := by.get("token"):
            given["Authorization"] = f"Bearer {self.web.tokens[token]}"
        with self.opened(by.get("source", OTHER)) as peer:
            return peer.request(method, path, body, given, host=NAME)

    def logs(self) -> str:
        """Return what nginx and both processes have written."""
        time.sleep(0.3)
        files = [*self.folder.glob("*.log"), self.web.server.log, self.sockets.server.log]
        return "\n".join(file.read_text(errors="replace") for file in files if file is not None)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Start PostgreSQL's database, both processes, and nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    settings = {
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": f"https://{NAME}",
        "SECURE_COOKIES": "true",
        "PROXIES": "127.0.0.1",
    }
    with (
        postgres_database("nginx") as url,
        Installation.run("web", url, folder, **settings) as web,
        web.beside("sockets", folder) as sockets,
    ):
        http, https = free_port(), free_port()
        certificate = make_certificate(folder)
        with running(configured(folder, http, https, web.server.port, sockets.server.port), folder, https):
            yield Proxy(
                web, sockets, http, https, folder, ssl.create_default_context(cafile=str(certificate))
            )


def make_certificate(folder: Path) -> Path:
    """Make a key, and a certificate for the name of the documents."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder / "fullchain.pem"


def configured(folder: Path, http: int, https: int, web: int, sockets: int) -> str:
    """Return the documented configuration with the ports and files of this test, and nothing else changed."""
    (block,) = re.findall(
        r"^```nginx\n(.*?)^```", (ROOT / "docs/operations.md").read_text(), re.MULTILINE | re.DOTALL
    )
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
        ("127.0.0.1:8000", f"127.0.0.1:{web}"),
        ("127.0.0.1:8001", f"127.0.0.1:{sockets}"),
        ("/etc/ssl/muster/", f"{folder}/"),
    ):
        assert there in block
        block = block.replace(there, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"  {kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}worker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log info;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n  access_log {folder}/access.log;\n{paths}\n{block}}}\n"
    )


@contextmanager
def running(configuration: str, folder: Path, port: int) -> Iterator[None]:
    """Run nginx until the block ends."""
    assert NGINX is not None
    file = folder / "nginx.conf"
    file.write_text(configuration)
    command = [
        NGINX,
        "-p",
        str(folder),
        "-c",
        str(file),
        "-e",
        str(folder / "error.log"),
        "-g",
        "daemon off;",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 20
        while True:
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                Raw(port).socket.close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


# --- requests and pages -------------------------------------------------------------------------------------------


def test_whoever_comes_without_tls_is_led_to_it(proxy: Proxy) -> None:
    with Raw(proxy.http, OTHER) as peer:
        answer = peer.request("GET", "/sign-in/?next=/", host=NAME)

    assert (answer.status, answer.headers["location"]) == (301, f"https://{NAME}/sign-in/?next=/")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sign-in/", 200),
        ("/static/admin/css/base.css", 200),
        ("/nothing", 404),
        ("/api/v1/me", 401),
        ("/ws/v1/", 404),
    ],
)
def test_every_answer_asks_for_tls_from_now_on(proxy: Proxy, path: str, status: int) -> None:
    answer = proxy.ask("GET", path)

    assert answer.status == status
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "date" in answer.headers


def test_a_person_signs_in_by_rest(proxy: Proxy) -> None:
    body = {
        "identifier": proxy.web.force["NUMBER"],
        "password": proxy.web.force["PASSWORD"],
        "device": {"id": str(uuid7()), "platform": "other"},
    }
    answer = proxy.ask("POST", "/api/v1/sign-in", body)

    assert answer.status == 200
    token = json.loads(answer.body)["access"]
    assert proxy.ask("GET", "/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status == 200


def sign_in_on_page(proxy: Proxy) -> str:
    """Sign the leader in as a browser does; return the session's cookie."""
    with proxy.opened(LEADER) as peer:
        page = peer.request("GET", "/sign-in/", host=NAME)
        cookie = page.headers["set-cookie"]
        assert "Secure" in cookie
        token = cookie.partition("csrftoken=")[2].partition(";")[0]
        fields = {
            "csrfmiddlewaretoken": token,
            "identifier": proxy.web.force["LEADER"],
            "password": proxy.web.force["PASSWORD"],
        }
        told = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={token}",
            "Origin": f"https://{NAME}",
            "Referer": f"https://{NAME}/sign-in/",
        }
        answer = peer.request("POST", "/sign-in/", urlencode(fields).encode(), told, host=NAME)
    assert answer.status == 302, answer.body[:2_000]
    return str(re.findall(r"sessionid=(\w+)", answer.headers["set-cookie"])[0])


# --- sockets ------------------------------------------------------------------------------------------------------


def test_a_page_opens_its_socket_by_its_cookie(proxy: Proxy) -> None:
    headers = {"Cookie": f"sessionid={sign_in_on_page(proxy)}", "Host": NAME}
    heard = []
    for origin in (f"https://{NAME}", f"http://{NAME}", "https://elsewhere.example"):
        with proxy.opened(LEADER) as peer:
            peer.handshake({**headers, "Origin": origin})
            peer.say(HELLO)
            heard.append(peer.heard())

    assert [one.get("close", 0) for one in heard] == [0, 4401, 4401]


def phone(proxy: Proxy, source: str) -> Raw:
    """Return a socket whose handshake is done."""
    peer = proxy.opened(source)
    switched = peer.handshake({"Host": NAME, "Authorization": f"Bearer {proxy.web.tokens['NUMBER']}"})
    assert switched.status == 101, switched
    return peer


def heard_of(peer: Raw, wanted: str) -> dict[str, Any]:
    """Return the next frame of a type, or the answer to hello, or the close."""
    while True:
        frame = peer.heard()
        if wanted in frame or frame.get("type") == wanted or "close" in frame:
            return frame


def test_a_phone_hears_what_happens(proxy: Proxy) -> None:
    with phone(proxy, OTHER) as peer:
        peer.say(HELLO)
        assert heard_of(peer, "reply")["reply"] == 0
        peer.say({"type": "ping"})
        assert heard_of(peer, "pong")["type"] == "pong"
        on = proxy.ask("PUT", "/api/v1/me/duty", {"on": True}, token="NUMBER")
        proxy.ask("PUT", "/api/v1/me/duty", {"on": False}, token="NUMBER")

        assert on.status == 200
        assert heard_of(peer, "duty.changed")["type"] == "duty.changed"


def test_an_address_that_floods_keeps_no_other_out(proxy: Proxy) -> None:
    def junk() -> int:
        with proxy.opened(FLOODER) as peer:
            peer.handshake({"Host": NAME, "X-Forwarded-For": f"203.0.113.{time.monotonic_ns() % 250}"})
            peer.say("junk")
            return int(peer.heard()["close"])

    assert any(junk() == 4290 for _ in range(6 * int(FAILED_AT_ONCE)))
    with phone(proxy, OTHER) as peer:
        peer.say(HELLO)
        assert heard_of(peer, "reply")["reply"] == 0


def test_guesses_are_counted_by_the_client(proxy: Proxy) -> None:
    def guess(source: str, forwarded: str) -> int:
        body = {
            "identifier": proxy.web.force["OTHER_NUMBER"],
            "password": "a wrong guess",
            "device": {"id": str(uuid7()), "platform": "other"},
        }
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "http"}
        return proxy.ask("POST", "/api/v1/sign-in", body, headers, source=source).status

    guesses = [guess(GUESSER, f"203.0.113.{n}") for n in range(11)]

    assert (guesses[0], guesses[-1]) == (401, 429)
    assert guess(SPOOFER, GUESSER) == 401


# --- bodies and limits --------------------------------------------------------------------------------------------


def form(size: int) -> tuple[bytes, dict[str, str]]:
    """Return a form with a roster of about a size."""
    csv = "姓名,手机\n" + "".join(f"王大明,139{n:08d}\n" for n in range(size // 22))
    fields = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("id", str(uuid7())), ("name", "upload"))
    )
    file = '--B\r\nContent-Disposition: form-data; name="file"; filename="r.csv"\r\n\r\n'
    return f"{fields}{file}{csv}\r\n--B--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=B"}


def test_a_leader_uploads_a_roster(proxy: Proxy) -> None:
    body, headers = form(5 * MB)
    answer = proxy.ask(
        "POST",
        f"/api/v1/units/{proxy.web.force['UNIT']}/imports",
        body,
        headers,
        token="LEADER",
        source=LEADER,
    )

    assert answer.status == 201, answer


@pytest.mark.parametrize(
    ("path", "length", "statuses"),
    [
        ("/api/v1/units/0726040125/imports", 100 * MB, {401}),
        ("/imports/", 100 * MB, {303}),
        ("/badge/photo/", 11 * MB, {303}),
        ("/api/v1/units/0726040125/imports", 500 * MB, {413}),
        ("/api/v1/sign-in", 5 * MB, {413}),
        ("/nothing", 100 * MB, {413}),
    ],
)
def test_what_a_stranger_uploads_is_refused_and_put_nowhere(
    proxy: Proxy, path: str, length: int, statuses: set[int]
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    with proxy.opened() as peer:
        peer.send(head.encode())
        peer.socket.settimeout(5)
        sent = next((n for n in range(40) if not peer.send(b"x" * 65_536)), 40)
        put_aside = [file for file in (proxy.folder / "client_body").rglob("*") if file.is_file()]
        answer = peer.response()

    assert answer.status in {*statuses, 0}  # 0: a reset took it from a peer that went on sending
    assert put_aside == []
    assert sent <= 40


def test_addresses_and_headers_are_bounded(proxy: Proxy) -> None:
    long = [
        proxy.ask("GET", "/" + "x" * 5_000).status,
        proxy.ask("GET", "/healthz", headers={"X-Name": "x" * 5_000}).status,
        proxy.ask("GET", "/" + "x" * 3_000).status,
    ]

    assert long == [414, 400, 404]


def test_requests_share_the_proxys_connections(proxy: Proxy) -> None:
    with proxy.opened() as peer:
        statuses = [
            peer.request("GET", path, host=NAME).status
            for path in ("/healthz", "/nothing", "/api/v1/me") * 20
        ]

    assert statuses == [200, 404, 401] * 20


# --- trackers and logs --------------------------------------------------------------------------------------------


def test_a_tracker_reports_and_its_secret_stands_in_no_log(proxy: Proxy) -> None:
    proxy.ask("PUT", "/api/v1/me/duty", {"on": True}, token="NUMBER")
    made = proxy.ask("POST", "/api/v1/me/trackers", {"name": "my old phone"}, token="NUMBER")
    assert made.status == 201, made
    secret = json.loads(made.body)["secret"]
    moment = int(time.time())
    reported = proxy.ask(
        "GET", f"/api/v1/trackers/osmand?id={secret}&lat=29.45&lon=119.89&timestamp={moment}"
    )
    proxy.ask("GET", f"/api/v1/trackers/osmand?id={SECRET}&lat=29.45&lon=119.89")
    proxy.ask("POST", f"/api/v1/trackers/osmand?id={SECRET}" + "x" * 3_000, b"x" * (2 * MB))
    proxy.ask("GET", "/looked-at-by-the-test")

    logs = proxy.logs()
    assert reported.status == 200, reported
    assert "/looked-at-by-the-test" in logs
    assert secret not in logs
    assert SECRET not in logs


def test_nor_does_it_when_the_process_behind_is_gone(proxy: Proxy) -> None:
    """An error of nginx tells the whole request. It is the last test of this file that needs nothing of `web`."""
    folder = proxy.folder / "alone"
    folder.mkdir()
    for file in ("key.pem", "fullchain.pem"):
        shutil.copy(proxy.folder / file, folder / file)
    http, https = free_port(), free_port()
    with (
        running(configured(folder, http, https, free_port(), free_port()), folder, https),
        Raw(https, OTHER, tls=proxy.trusts, name=NAME) as peer,
    ):
        gone = peer.request("GET", f"/api/v1/trackers/osmand?id={SECRET}", host=NAME).status
        other = peer.request("GET", "/healthz", host=NAME).status
        time.sleep(0.3)

    logs = "".join(file.read_text() for file in folder.glob("*.log"))
    assert (gone, other) == (502, 502)
    assert "/healthz" in logs
    assert SECRET not in logs
