"""A `sockets` process that is told to stop sends its phones away, each with a time of its own to come back at."""

import signal
from pathlib import Path

import pytest

from tests.flows.installation import Installation

PHONES = 20


@pytest.mark.embedded
@pytest.mark.waits
@pytest.mark.timeout(120)
def test_a_planned_restart_spreads_the_phones(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/muster.sqlite3"
    with Installation.run("sockets", url, tmp_path) as installation:
        phones = [installation.phone() for _ in range(PHONES)]
        assert installation.server.process is not None
        installation.server.process.send_signal(signal.SIGTERM)

        waits, codes = [], []
        for phone in phones:
            while "close" not in (frame := phone.next()):
                if frame.get("type") == "restarting":
                    waits.append(frame["retry_after_s"])
            codes.append(frame["close"])
            phone.close()

        assert codes == [1012] * PHONES
        assert len(waits) == PHONES
        assert 0.5 <= min(waits) < max(waits) <= 1.6
        assert installation.server.process.wait(20) == -signal.SIGTERM  # uvicorn ends by the signal itself
