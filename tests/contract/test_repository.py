"""The rules that the repository itself keeps: sizes, reasons, settings, and nothing of one machine in it."""

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FUNCTION = 50
LONGEST_FILE = 450
LONGEST_OF_TESTS = 600
"""Lines; tests, benchmarks and styles are lists, which are read in part."""
LARGEST_ROOM = 8_000
"""Lines of Python, without migrations: a room that grows beyond has a second subject."""
# Put together from parts, so that this file does not name them itself.
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs.org",
    "registry." + "yarnpkg.com",
    "deb." + "debian.org",
]
FOLDERS_OF_ONE_MACHINE = [
    "/" + folder for folder in ("work/", "root/", "home/", "Users/", "tmp/bash" + "_jobs", "opt/" + "pypi")
]


@cache
def committed() -> tuple[Path, ...]:
    """Return every file that is committed, or would be by adding all."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return tuple(path for path in (ROOT / name for name in names if name) if path.is_file())


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every committed file that is text, with its content."""
    for path in committed():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            yield path.relative_to(ROOT), content.decode(errors="replace")


def sources(*suffixes: str) -> Iterator[tuple[Path, str]]:
    """Yield what people wrote: no migrations, no locks, nothing generated."""
    named = ("healthy", "image", "setup", "test") if ".py" in suffixes else ()
    scripts = {Path("script", name) for name in named}
    for path, text in texts():
        if (path.suffix in suffixes or path in scripts) and not {"migrations", "generated"} & {*path.parts}:
            yield path, text


@pytest.mark.parametrize("needles", [REGISTRIES, FOLDERS_OF_ONE_MACHINE], ids=["registries", "folders"])
def test_no_file_names_a_registry_or_a_folder_of_one_machine(needles: list[str]) -> None:
    pattern = re.compile("|".join(rf"(?<![\w.*]){re.escape(needle)}" for needle in needles))

    found = [f"{path}: {match.group()}" for path, text in texts() for match in pattern.finditer(text)]

    assert found == []


def test_no_second_lock_of_python_packages_exists() -> None:
    assert [
        path.name for path in committed() if path.name in {"uv.lock", "poetry.lock", "Pipfile.lock"}
    ] == []


def test_every_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    declared = tomllib.loads(text)
    listed = declared["project"]["dependencies"] + [
        name for group in declared["dependency-groups"].values() for name in group
    ]

    reasoned = re.findall(r'^  "([^"]+)", +# \w.{5,}$', text, flags=re.MULTILINE)

    assert [name for name in listed if name not in reasoned] == []


def test_locks_hold_every_dependency_with_hashes() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = declared["project"]["dependencies"]
    development = declared["dependency-groups"]["dev"]

    assert [name for name in runtime if distribution(name) not in locked("requirements.lock")] == []
    assert [
        name for name in runtime + development if distribution(name) not in locked("requirements-dev.lock")
    ] == []


def distribution(requirement: str) -> str:
    """Return the bare name of a requirement."""
    return re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0].lower()


def locked(name: str) -> set[str]:
    """Return the distributions that a lock pins and hashes."""
    text = (ROOT / name).read_text()
    return set(re.findall(r"^([a-z0-9._-]+)==[^\n]*\\\n +--hash=sha256:", text, flags=re.MULTILINE))


VAGUE = re.compile(r"\b(?:who(?:m|so)?ever|(?:some|no|any)body|(?:some|any)one)\b(?!-to-ask)", re.IGNORECASE)
"""Words for a person without a noun; the glossary has one for each: volunteer, leader, caller, operator, reader."""
DOCUMENTS = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "mobile_api_docs"}
REREAD = [
    "backend/accounts/",
    "backend/audit/",
    "backend/badges/",
    "backend/config/",
    "backend/console/",
    "backend/corrections/",
    "backend/desks/",
    "backend/dispatch/",
    "backend/joining/",
    "backend/lib/",
    "backend/numbers/",
    "backend/papers/",
    "backend/privacy/",
    "backend/readiness/",
    "backend/realtime/",
    "backend/rosters/",
    "backend/tracking/",
    "backend/volunteers/",
    "benchmarks/",
    "manage.py",
    "script/",
    "simulator/",
]
"""Folders whose docstrings and comments have been read for it; a room joins the list when it has been."""


def test_documents_name_those_they_speak_of() -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts()
        if path.parts[0] in DOCUMENTS
        for number, line in enumerate(text.splitlines(), start=1)
        if VAGUE.search(line)
    ]

    assert found == []


def test_docstrings_and_comments_name_those_they_speak_of() -> None:
    reread = [(path, text) for path, text in sources(".py") if str(path).startswith(tuple(REREAD))]
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, text in reread
        for number, line in prose(text)
        if VAGUE.search(line)
    ]

    assert len(reread) > 200
    assert found == []


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of the docstrings and comments of a module, with their numbers."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield from enumerate(node.value.value.splitlines(), start=node.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("# noqa"):
            yield token.start[0], token.string


def test_both_locks_agree_on_versions() -> None:
    pinned = [
        dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), flags=re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    runtime, development = pinned

    assert {name: development.get(name) for name in runtime} == runtime


def test_environment_example_lists_exactly_the_settings_read() -> None:
    settings = ast.parse((ROOT / "backend" / "config" / "settings.py").read_text())
    read = {
        node.args[0].value
        for node in ast.walk(settings)
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func) == "env" or ast.unparse(node.func).startswith("env."))
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    example = (ROOT / ".env.example").read_text()

    assert set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, flags=re.MULTILINE)) == read


def test_every_variable_of_the_environment_example_is_explained() -> None:
    blocks = (ROOT / ".env.example").read_text().strip().split("\n\n")

    assert [block for block in blocks if not re.match(r"# \w", block)] == []


def test_functions_are_short() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {length} lines"
        for path, text in sources(".py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]

    assert long == []


def test_files_are_short() -> None:
    long = [
        f"{path}: {lines} lines"
        for path, text in sources(".py", ".ts", ".mjs", ".css", ".html")
        if (lines := text.count("\n")) > (LONGEST_OF_TESTS if is_list(path) else LONGEST_FILE)
    ]

    assert long == []


def is_list(path: Path) -> bool:
    """Tell whether a file is read in part."""
    return path.parts[0] in ("tests", "benchmarks") or path.suffix == ".css"


def test_no_room_grows_beyond_its_bound() -> None:
    rooms: Counter[str] = Counter()
    for path, text in sources(".py"):
        if path.parts[0] == "backend" and len(path.parts) > 2:
            rooms[path.parts[1]] += text.count("\n")

    assert len(rooms) > 10
    assert {room: lines for room, lines in rooms.items() if lines > LARGEST_ROOM} == {}


def test_modules_open_with_a_sentence() -> None:
    silent = [
        str(path)
        for path, text in sources(".py")
        if text.strip() and not (ast.get_docstring(ast.parse(text)) or "").strip()
    ]

    assert silent == []


def test_which_database_it_is_is_asked_at_one_place() -> None:
    asks = [
        str(path)
        for path, text in sources(".py")
        if path.parts[0] == "backend" and "connection.vendor" in text and "migrations" not in path.parts
    ]

    assert asks == ["backend/lib/dialect.py"]


def test_rows_are_locked_in_locks_alone() -> None:
    """A developer who asks in which order rows are locked reads one page for each room."""
    locking = {
        str(path)
        for path, text in sources(".py")
        if path.parts[0] == "backend" and ("select_for_update(" in text or "locking(" in text)
    }
    assert {name for name in locking if not name.endswith("/locks.py")} == set()
    assert "backend/volunteers/locks.py" in locking


MADE_BY_HAND = re.compile(
    r"\bUnit\(|\badd_(?:root|child)\(|"
    r"\b(?:Application|Credential|Guardian|Task|Transfer|Unit|Volunteer)\.objects\.(?:bulk_)?create\("
)
MADE_ELSEWHERE = {
    "tests/dispatch/test_inbox.py": "saves what the builder has made, hundreds at once",
    "tests/volunteers/test_number_contention.py": "writes people as an importer does, and takes them back",
}
"""Tests that make such rows themselves, each with its reason."""


def test_units_people_and_tasks_of_tests_are_made_by_the_builders() -> None:
    making = {
        str(path)
        for path, text in sources(".py")
        if path.parts[0] == "tests" and path.parts[1] != "builders" and MADE_BY_HAND.search(text)
    }

    assert making == set(MADE_ELSEWHERE)
