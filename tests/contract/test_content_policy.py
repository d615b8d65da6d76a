"""Every address of the product tells browsers what its answer may load, and no page needs more than that."""

import re
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern

from backend.config.urls import urlpatterns
from backend.lib.content_policy import NOTHING, map_origins
from backend.volunteers.models import Purpose
from simulator.processes import ROOT
from tests.contract.doors import World, routes
from tests.pages import page_of

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
SOURCES = [*ROOT.glob("backend/*/templates/**/*.html"), *ROOT.glob("backend/*/templates/**/*.svg")]


class Inline(HTMLParser):
    """Collects what the policy forbids: styles, scripts and handlers that stand in the page itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_script = tag == "script" and "src" not in given and given.get("type") != "application/json"
        if tag == "style" or is_script:
            self.found.append(tag)
        self.found += [
            f"{tag} {name}"
            for name, value in attrs
            if name == "style"
            or re.fullmatch("on[a-z]+", name)
            or (value or "").lower().startswith("javascript:")
        ]


def filled(address: str, pattern: URLPattern, world: World) -> str:
    """Return an address of the map with something of squadron A in each place; a new kind of place is a KeyError."""
    person, unit = world.number("volunteer"), world.formation.squadron_a.number
    shown = getattr(pattern.callback, "model_admin", None)
    row = shown.model.objects.first() if shown and address.startswith("operators/") else None
    places: dict[str, Any] = {
        **dict.fromkeys(("person", "kept", "temporary"), person),
        "number": person if address.startswith(("people/", "api/v1/numbers")) else unit,
        "unit": unit,
        "text": "nonsense",
        "purpose": Purpose.LOCATION.value,
        "import_id": world.roster_import,
        "difference_id": world.difference,
        "device_id": world.spare,
        "tracker_id": world.tracker,
        "application_id": world.application,
        "transfer_id": world.transfer,
        "post_id": world.post,
        "block_id": world.block,
        "shift_id": world.block,
        "hand_over_id": world.block,
        "task_id": world.task.pk,
        "credential_id": world.credential,
        "correction_id": world.correction,
        "occasion_id": world.occasion,
        "policy_id": world.policy,
        "sheet_id": world.signed,
        "guardian_id": world.guardian,
        "word_id": world.word,
        "app_label": "volunteers",
        "content_type_id": 1,
        "object_id": row.pk if row else 1,
        "url": "nothing",
    }
    path = PARAMETER.sub(lambda found: str(places[found[1] or found[2]]), address)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


def all_addresses(world: World) -> list[str]:
    return [filled(address, pattern, world) for address, pattern in routes(urlpatterns, beside=())]


def text_of(answer: HttpResponseBase) -> str:
    if isinstance(answer, HttpResponse) and answer.headers.get("Content-Type", "").startswith("text/html"):
        return answer.content.decode()
    return ""


def as_operator(world: World) -> Client:
    """Return a browser of the squadron's leader, who is an operator too."""
    leader = world.callers["leader"].user
    call_command("operator", world.number("leader"), stdout=StringIO())
    leader.refresh_from_db()
    browser = page_of(leader, world.at)
    browser.raise_request_exception = False
    return browser


def wrong_with(answer: HttpResponseBase) -> list[str]:
    """Return what an answer lacks."""
    policy = answer.headers.get("Content-Security-Policy", "")
    wrong = [word for word in ("unsafe", "*", "http:", "https:") if word in policy]
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
        wrong.append("no policy")
    if text := text_of(answer):
        wrong += Inline(text).found
        wrong += [part for part in ("base-uri 'none'", "object-src 'none'") if part not in policy]
        wrong += (
            [] if "geolocation=(self)" in answer.headers.get("Permissions-Policy", "") else ["permissions"]
        )
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        wrong.append("may be taken for another type")
    return wrong


def test_every_address_has_a_policy_that_suffices(world: World) -> None:
    browser, shown, found, kept = as_operator(world), 0, {}, {}
    for address in all_addresses(world):
        answer = browser.get(address)
        found[address] = wrong_with(answer)
        if address.startswith("/api/") or not answer.headers["Content-Type"].startswith("text/html"):
            kept[address] = answer.headers["Cache-Control"]
        shown += answer.status_code == 200 and bool(text_of(answer))

    assert {address: wrong for address, wrong in found.items() if wrong} == {}
    assert shown > 40
    assert sorted(address for address, said in kept.items() if "no-store" not in said) == [
        "/api/v1/badges/keys",
        "/api/v1/badges/revoked",
        f"/api/v1/units/{world.formation.squadron_a.number}/emblem",
    ]


def test_what_forms_are_answered_has_one_too(world: World) -> None:
    browser, found = as_operator(world), {}
    session = browser.cookies["sessionid"].value
    for address in all_addresses(world):
        if address not in {"/sign-out/", "/api/v1/sign-out"}:
            browser.cookies["sessionid"] = session
            found[address] = wrong_with(browser.post(address, {"act": "x"}))

    assert {address: wrong for address, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.django_db
def test_what_was_refused_has_one_too(language: str) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.cookies["django_language"] = language
    answers = [
        browser.get("/nothing/"),
        browser.post("/sign-in/", {"identifier": "x"}),
        browser.post("/sign-in/", "{}", content_type="application/json"),
        browser.post("/sign-in/", b"x", content_type="multipart/form-data; boundary=-"),
    ]

    assert [answer.status_code for answer in answers] == [404, 403, 415, 403]
    assert [wrong_with(answer) for answer in answers] == [[], [], [], []]
    assert all("<main" in text_of(answer) for answer in answers)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_template_has_what_the_policy_forbids(source: Any) -> None:
    """Also of what no test shows."""
    text = re.sub(r"{[{%].*?[%}]}", "", source.read_text())

    assert Inline(text).found == []


def test_no_script_writes_the_attribute_style() -> None:
    """It would be ignored; `element.style` is not."""
    sources = {path: path.read_text() for path in (ROOT / "frontend" / "src").rglob("*.ts")}
    wrong = re.compile(r"""\bstyle: *[`"']|["']style["']|cssText|innerHTML|insertAdjacentHTML""")

    assert sources
    assert [path.name for path, text in sources.items() if wrong.search(text)] == []


@pytest.mark.django_db
def test_apps_are_told_that_answers_load_nothing() -> None:
    assert Client().get("/api/v1/me").headers["Content-Security-Policy"] == NOTHING


@pytest.mark.django_db
@pytest.mark.parametrize("tls", [True, False])
def test_pages_reach_their_own_socket_and_the_map(settings: Any, tls: bool) -> None:
    settings.MAP_ORIGINS = map_origins(
        "https://maps.example.org/style.json?key=a", ["https://*.tiles.example.org/"]
    )

    policy = Client().get("/sign-in/", secure=tls).headers["Content-Security-Policy"]

    own = "wss://testserver" if tls else "ws://testserver"
    reached = f"connect-src 'self' {own} https://maps.example.org https://*.tiles.example.org;"
    assert reached in policy


@pytest.mark.parametrize(
    ("style", "origins"),
    [
        ("", ()),
        ("/static/map/style.json", ()),
        ("pmtiles:///static/map/zhejiang.pmtiles", ()),
        ("pmtiles://https://maps.example.org:8443/zhejiang.pmtiles", ("https://maps.example.org:8443",)),
        ("http://10.1.2.3/style.json", ("http://10.1.2.3",)),
    ],
)
def test_origin_of_the_map_is_read_from_its_style(style: str, origins: tuple[str, ...]) -> None:
    assert map_origins(style, []) == origins


@pytest.mark.parametrize(
    "wrong",
    [
        "*",
        "https://*",
        "https://a.example; script-src *",
        "data:",
        "a.example",
        "https://地图.example",
        "'self'",
    ],
)
def test_what_is_no_origin_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        map_origins("", [wrong])


@pytest.mark.django_db
def test_only_what_came_by_tls_asks_for_tls(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    told = [
        Client().get(address, secure=tls).headers.get("Strict-Transport-Security")
        for address in ("/sign-in/", "/api/v1/me", "/nothing")
        for tls in (True, False)
    ]

    assert told == ["max-age=31536000", None] * 3
