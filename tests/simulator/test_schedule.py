"""A schedule of faults is the same for the same seed, and the seeds together miss nothing."""

from simulator.schedule import LASTS_S, LONGEST_FREEZE_S, PROCESSES, Fault, Schedule

SEEDS_OF_CI = range(1, 21)


def test_schedule_is_the_same_for_the_same_seed() -> None:
    assert Schedule.of(7) == Schedule.of(7)
    assert Schedule.of(7) != Schedule.of(8)


def test_schedules_stay_within_their_time() -> None:
    faults = [fault for seed in range(300) for fault in Schedule.of(seed).faults]

    assert all(0 < fault.at <= LASTS_S for fault in faults)
    assert all(fault.for_s <= LONGEST_FREEZE_S for fault in faults)
    assert max(fault.for_s for fault in faults) > LONGEST_FREEZE_S - 1


def test_seeds_of_ci_have_every_fault_on_every_target() -> None:
    faults = [fault for seed in SEEDS_OF_CI for fault in Schedule.of(seed).faults]

    assert {(fault.kind, fault.target) for fault in faults} == {
        *(("kill", process) for process in PROCESSES),
        *(("freeze", process) for process in (*PROCESSES, "redis")),
        *((kind, "redis") for kind in ("stop", "restart", "flush")),
        ("restart", "postgres"),
        ("drop", "phones"),
    }
    assert {fault.mode for fault in faults if fault.target == "postgres"} == {"fast", "immediate"}


def test_schedule_reads_as_a_list() -> None:
    schedule = Schedule(
        3,
        (
            Fault(0.5, "kill", "web", for_s=1.0),
            Fault(1.25, "restart", "postgres", mode="immediate"),
            Fault(2.0, "flush", "redis"),
            Fault(4.0, "drop", "phones", share=0.25),
        ),
    )

    assert str(schedule).splitlines() == [
        "schedule of seed 3:",
        "  0.50 s  kill web start it again after 1.0 s",
        "  1.25 s  restart postgres immediate",
        "  2.00 s  flush redis",
        "  4.00 s  drop phones 25% of them",
    ]
