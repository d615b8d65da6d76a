"""What benchmarks print and write."""

from benchmarks.crowd import Crowd
from benchmarks.peers.nats import start as nats
from benchmarks.report import Report, quantile
from benchmarks.rounds import Round, Side, ratio_of


async def _never() -> int:
    raise AssertionError


def rounds(*, all_s: float) -> list[Round]:
    """Three rounds of a thousand phones, the second half as fast."""
    return [
        Round(received=1_000, first_s=0.001, p50_s=all_s / 2, p99_s=all_s, all_s=all_s * factor)
        for factor in (1, 2, 1)
    ]


def test_ratio_is_the_median_of_the_pairs() -> None:
    assert round(ratio_of(rounds(all_s=0.02), rounds(all_s=0.5)), 6) == 25


def test_figures_are_medians_over_the_rounds() -> None:
    side = Side(Crowd("muster", "ws://127.0.0.1:9/", b"mark", connect_rate=500.0, sizes={340}), _never)

    figures = side.figures(rounds(all_s=0.02))

    assert (figures["rate_per_s"], figures["p50_ms"], figures["all_ms"]) == (50_000, 10.0, 20.0)
    assert figures["frame_bytes"] == [340]


def test_size_of_an_event_in_nats_is_what_the_server_announces() -> None:
    assert nats.event_size(b"PING\r\nMSG bench 1 340\r\n" + b"x" * 340 + b"\r\n") == 340


def test_report_tells_what_was_wanted() -> None:
    report = Report(
        "fanout", {}, {"channels": 25.0, "whole": 3.0, "nats": 1.0}, {"channels": 12}, {"whole": 2}
    )

    assert "ratio channels: 25.00 (at least 12 wanted)" in report.text()
    assert "ratio whole: 3.00 (at most 2 wanted)" in report.text()
    assert report.text().endswith("ratio nats: 1.00")


def test_report_writes_what_programs_read() -> None:
    written = Report("fanout", {"muster": {}}, {"channels": 12.345}, {"channels": 12.0}).as_json()

    assert list(written) == ["name", "figures", "ratios", "machine", "versions"]
    assert written["ratios"] == {"channels": 12.35}
    assert written["versions"]["channels"]


def test_missed_target_is_not_reached() -> None:
    assert not Report("fanout", {}, {"channels": 11.9}, {"channels": 12.0}).reached()
    assert not Report("fanout", {}, {}, {"channels": 12.0}).reached()
    assert not Report("fanout", {}, {"whole": 2.1}, limits={"whole": 2.0}).reached()
    assert not Report("fanout", {}, {}, limits={"whole": 2.0}).reached()
    assert Report(
        "fanout", {}, {"channels": 12.0, "whole": 2.0}, {"channels": 12.0}, {"whole": 2.0}
    ).reached()


def test_quantile_of_few_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
