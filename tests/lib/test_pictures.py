"""Pictures: many at once, large ones and broken ones take little memory and leave the process as it was."""

import struct
import subprocess
import sys
import threading
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from backend.lib import pictures
from backend.lib.errors import Busy
from backend.lib.pictures import NotAPicture, TooManyPixels, emblem, portrait
from simulator.processes import ROOT


def picture(size: tuple[int, int], kind: str, **more: Any) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "green").save(buffer, kind, **more)
    return buffer.getvalue()


def nearly_nothing(width: int, height: int) -> bytes:
    """Return a PNG of some 70 bytes that says it is so large."""
    parts = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"")]
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_pictures_that_come_together_leave_the_filters_of_warnings_alone() -> None:
    """A filter that stays an error breaks whatever warns next, for example every static file."""
    before = list(warnings.filters)
    raw = [picture((3_000, 2_000), "JPEG"), b"no picture", nearly_nothing(20_000, 20_000)] * 8

    with ThreadPoolExecutor(pictures.MOST_WAITING) as threads:
        outcomes = list(threads.map(_outcome, raw))

    assert outcomes == ["taken", "NotAPicture", "TooManyPixels"] * 8
    assert warnings.filters == before


def _outcome(raw: bytes) -> str:
    try:
        portrait(raw)
    except NotAPicture as refused:
        return type(refused).__name__
    return "taken"


@pytest.mark.parametrize(
    "raw",
    [
        nearly_nothing(20_000, 20_000),
        nearly_nothing(2**31 - 1, 2**31 - 1),
        nearly_nothing(4_000, 2_001),
        picture((4_000, 2_001), "PNG"),
        picture((4_000, 3_001), "JPEG", progressive=True),
        picture((10_000, 5_001), "JPEG"),
    ],
    ids=["bomb", "larger than memory", "nearly nothing", "PNG", "progressive JPEG", "JPEG"],
)
def test_a_picture_that_would_take_too_much_memory_is_refused_by_both(raw: bytes) -> None:
    with pytest.raises(TooManyPixels):
        portrait(raw)
    with pytest.raises(TooManyPixels):
        emblem(raw, most_bytes=200_000)


@pytest.mark.parametrize(
    ("size", "kind", "more"),
    [
        ((1_440, 3_200), "PNG", {}),
        ((8_000, 6_000), "JPEG", {}),
        ((4_000, 3_000), "JPEG", {"progressive": True}),
    ],
    ids=["screenshot", "photo of 48 megapixels", "progressive photo"],
)
def test_what_phones_take_is_taken(size: tuple[int, int], kind: str, more: dict[str, Any]) -> None:
    assert max(Image.open(BytesIO(portrait(picture(size, kind, **more)))).size) == pictures.PIXELS


def test_pictures_beyond_those_that_wait_are_asked_to_come_again() -> None:
    held = threading.Event()
    before = pictures._decoder.submit(held.wait, 30)
    with ThreadPoolExecutor(40) as threads:
        waiting = [threads.submit(portrait, picture((10, 10), "PNG")) for _ in range(40)]
        until = time.monotonic() + 30
        while sum(one.done() for one in waiting) < 32 and time.monotonic() < until:
            time.sleep(0.01)
        held.set()
        assert before.result(30)
    refused = [one for one in waiting if one.exception()]

    assert len(refused) == 40 - pictures.MOST_WAITING
    assert {type(one.exception()) for one in refused} == {Busy}
    assert portrait(picture((10, 10), "PNG"))


PROGRAM = """
import re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from backend.lib.pictures import portrait
def peak_kb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
raw = [Path(name).read_bytes() for name in sys.argv[1:]] * 8
before = peak_kb()
with ThreadPoolExecutor(8) as threads:
    list(threads.map(portrait, raw))
print((peak_kb() - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account of memory")
def test_many_large_pictures_at_once_take_the_memory_of_one(tmp_path: Path) -> None:
    """Eight PNG of 8 and eight progressive JPEG of 12 megapixels, which together would unfold to a gigabyte."""
    files = [tmp_path / "png", tmp_path / "jpeg"]
    files[0].write_bytes(picture((4_000, 2_000), "PNG"))
    files[1].write_bytes(picture((4_000, 3_000), "JPEG", progressive=True))

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150, "megabytes"
