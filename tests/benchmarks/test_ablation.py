"""Every configuration is a run that can be repeated, and differences are those of the stored predictions."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from xcgraph.training import make_settings

QUICK = ("dim=8", "max_epochs=1", "min_epochs=1", "walk_length=20")
SET = [word for change in QUICK for word in ("--set", change)]


@pytest.fixture
def ablation():
    import ablation

    return ablation


@pytest.fixture
def configurations():
    import configurations

    return configurations


def run(ablation, *args, code=0):
    result = CliRunner().invoke(ablation.main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def test_every_configuration_is_one_that_can_be_trained(configurations):
    found = {c.name: make_settings("eclare", c.recipe, c.changes) for c in configurations.CONFIGURATIONS.values()}
    assert len(set(found.values())) == len(found)
    assert found["default"] == make_settings()
    assert found["paper"] == make_settings("eclare", "paper", ["instances=1"])


def test_choice_of_configurations(configurations):
    def names(*args):
        return [configuration.name for configuration in configurations.choose(*args)]

    everything = list(configurations.CONFIGURATIONS)
    assert names([]) == everything[:-1] and everything[-1] == "paper"
    assert names([], True) == everything
    assert names(["no-fusion", "text-only"]) == ["default", "text-only", "no-fusion"]
    assert names(["text-only"], True) == ["default", "text-only", "paper"]
    with pytest.raises(ValueError, match="'no-such'"):
        configurations.choose(["no-such"])


@pytest.mark.slow
def test_trains_compares_and_trains_nothing_twice(ablation, folder, tmp_path, clean, monkeypatch):
    args = [folder, "--text", "title", "--seeds", "1,0", "--configs", "instances-1", *SET]
    args += ["--work", tmp_path / "work", "--results", tmp_path / "results"]
    run(ablation, *args)
    names = [f"tiny-title-{name}-seed{seed}" for name in ("default", "instances-1") for seed in (0, 1)]
    assert sorted(path.stem for path in (tmp_path / "results").glob("*.json")) == names
    stored = json.loads((tmp_path / "results" / f"{names[2]}.json").read_text())
    default = json.loads((tmp_path / "results" / f"{names[0]}.json").read_text())
    assert stored["configuration"] == "instances-1" and stored["settings"]["instances"] == 1
    assert "difference" not in default and "--set instances=1" in stored["command"]
    difference = stored["difference"]
    for name in ("P@1", "P@5", "PSP@1", "PSP@5"):
        gap = stored["metrics"][name] - default["metrics"][name]
        assert difference[name]["difference"] == pytest.approx(gap, abs=1e-3)
        assert difference[name]["low"] <= difference[name]["difference"] <= difference[name]["high"]
    both = json.loads((tmp_path / "results" / "differences" / "tiny-title-instances-1.json").read_text())
    assert both["seeds"] == [0, 1] and both["data"] == stored["data"] and both["resamples"] == 1000

    def refuse(*args, **kwargs):
        raise AssertionError("a finished run was trained again")

    monkeypatch.setattr(ablation, "run_bench", refuse)
    again = run(ablation, *args)
    assert again.output.count(".json") == 5
    kept = tmp_path / "work" / "instances-1-seed0"
    shutil.copy(tmp_path / "work" / "default-seed0" / "metrics.json", kept / "metrics.json")
    assert "another settings" in run(ablation, *args, "--configs", "instances-1", "--seeds", "0", code=1).output


def test_mistakes(ablation, folder, tmp_path, clean):
    run(ablation, code=2)
    assert "such as 0,1,2" in run(ablation, folder, "--seeds", "0;1", code=2).output
    assert "'no-such'" in run(ablation, folder, "--configs", "no-such", code=1).output
    assert "'no-such'" in run(ablation, "no-such", code=1).output
    args = [folder, "--set", "dmi=8", "--work", tmp_path]
    assert "did you mean 'dim'" in run(ablation, *args, code=1).output


def test_dirty_tree_is_noticed_before_the_time_is_spent(ablation, folder, tmp_path, set_code):
    set_code(("1" * 40, True))
    (tmp_path / "tiny-all-default-seed0.json").write_text("{}")
    assert "--force" in run(ablation, folder, "--results", tmp_path, "--work", tmp_path / "work", code=1).output
    assert not (tmp_path / "work").exists()
