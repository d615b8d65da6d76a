"""What benchmarks print and write."""

from argparse import Namespace

from benchmarks.fanout import Round, Side, report_of
from benchmarks.report import Report, quantile


async def _never(_: int) -> int:
    raise AssertionError


def side(name: str, *, all_s: float) -> Side:
    from benchmarks.crowd import Crowd

    crowd = Crowd(name, "ws://127.0.0.1:9/", b"mark", connect_rate=500.0, sizes={340})
    rounds = [
        Round(received=1_000, all_s=all_s * factor, p50_s=all_s / 2, p99_s=all_s) for factor in (1, 2, 1)
    ]
    return Side(crowd, _never, rounds)


def test_ratio_is_the_median_of_the_pairs() -> None:
    report = report_of((side("muster", all_s=0.02), side("channels", all_s=0.5)), Namespace(target=12.0))

    assert round(report.ratios["channels"], 6) == 25
    assert report.reached()
    assert report.figures["muster"]["rate_per_s"] == 50_000
    assert report.figures["channels"]["p99_ms"] == 500.0
    assert "ratio to channels: 25.00 (at least 12 wanted)" in report.text()


def test_report_writes_what_programs_read() -> None:
    written = Report("fanout", {"muster": {}}, {"channels": 12.345}, {"channels": 12.0}).as_json()

    assert list(written) == ["name", "figures", "ratios", "machine", "versions"]
    assert written["ratios"] == {"channels": 12.35}
    assert written["versions"]["channels"]


def test_missed_target_is_not_reached() -> None:
    assert not Report("fanout", {}, {"channels": 11.9}, {"channels": 12.0}).reached()
    assert not Report("fanout", {}, {}, {"channels": 12.0}).reached()


def test_quantile_of_few_values() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
