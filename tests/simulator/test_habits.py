"""Simulated people walk and answer like people."""

import random

from simulator.habits import Habits, Walk, home_near


def test_walk_stays_near_home() -> None:
    walk = Walk(119.892, 29.452, random.Random(1), radius_m=500)

    fixes = [walk.step(30) for _ in range(500)]

    assert max(abs(fix["lat"] - 29.452) for fix in fixes) * 111_320 < 700
    assert {fix["datum"] for fix in fixes} == {"wgs84"}


def test_each_unit_without_a_place_lives_elsewhere_near_the_county_town() -> None:
    homes = [home_near((119.892, 29.452), of=f"07260100{unit}") for unit in range(20)]

    assert len(set(homes)) == 20
    assert homes[3] == home_near((119.892, 29.452), of="072601003")
    assert all(abs(lon - 119.892) < 0.15 and abs(lat - 29.452) < 0.15 for lon, lat in homes)


def test_answers_follow_their_shares() -> None:
    dice = random.Random(1)

    answers = [Habits(accept=0.5, decline=0.3).answer(dice) for _ in range(2_000)]

    kinds = [answer["answer"] if answer else "silent" for answer in answers]
    assert abs(kinds.count("accept") - 1_000) < 100
    assert abs(kinds.count("decline") - 600) < 100


def test_delays_keep_within_the_limits_of_thought() -> None:
    dice = random.Random(1)

    delays = [Habits(think_s=(2.0, 9.0)).delay(dice) for _ in range(500)]

    assert min(delays) >= 2.0
    assert max(delays) <= 9.0
