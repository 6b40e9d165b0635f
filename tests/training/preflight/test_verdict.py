from xcgraph.training import make_settings
from xcgraph.training.preflight import Machine, ProblemSize, RunPlan, Verdict

SIZE = ProblemSize(2_000_000, 900_000, 1_000_000, 100_000, 14_000_000, 6_000_000, 5_000_000, 4_600_000)
SETTINGS = make_settings("eclare", "default", ["fusion=false"])
ROOM = 10**13


def judge(memory, disk=ROOM, settings=SETTINGS, recipe="default"):
    return Verdict.of(SIZE, settings, "eclare", recipe, Machine(int(memory), int(disk)))


def test_a_run_that_fits():
    verdict = judge(ROOM)
    assert verdict.fits and verdict.proposal == {}


def test_proposals_fit_and_are_the_mildest():
    need = judge(ROOM).memory
    mild = judge(0.97 * need)
    assert not mild.fits and set(mild.proposal) == {"optimizer_state"}
    strong = judge(0.45 * need)
    assert not strong.fits and {"optimizer_state", "hops"} <= set(strong.proposal)
    for verdict in (mild, strong):
        fitted = SETTINGS.updated(verdict.proposal)
        assert judge(verdict.machine.memory, settings=fitted).fits
        assert (
            max(RunPlan(SIZE, fitted, "eclare", "default").memory().values())
            == judge(ROOM, settings=fitted).memory
        )


def test_proposals_can_be_typed():
    line = judge(0.45 * judge(ROOM).memory).refusal()
    changes = [word for word in line.split("this would fit: ")[1].split() if word != "--set"]
    assert make_settings("eclare", "default", changes).optimizer_state == "rowwise"


def test_no_proposal():
    verdict = judge(1e8)
    assert verdict.proposal is None and "take a larger machine" in verdict.refusal()
    assert "about" in verdict.refusal() and "0.1 GB are free" in verdict.refusal()


def test_disk():
    verdict = judge(ROOM, disk=1e6)
    assert not verdict.fits and "of disk" in verdict.refusal() and "of memory" not in verdict.refusal()


def test_frozen_hops_go_to_disk_before_dimensions_go():
    settings = make_settings(
        "eclare", "paper", ["instances=1", "cluster_size=64", "beam=4", "optimizer_state=rowwise"]
    )
    need = judge(ROOM, settings=settings, recipe="paper").memory
    assert judge(0.97 * need, settings=settings, recipe="paper").proposal == {"frozen_hops": "disk"}
