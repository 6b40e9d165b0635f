from __future__ import annotations

import os
import subprocess

import pytest


@pytest.fixture
def store():
    import store

    return store


@pytest.fixture
def repository(tmp_path):
    """A git repository with one commit."""
    (tmp_path / "xcgraph").mkdir()
    (tmp_path / "xcgraph" / "a.py").write_text("1\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def test_name_says_what_was_measured(store, make_result):
    assert store.result_name(make_result()) == "tiny-title-eclare-default-seed0"
    changed = make_result("LF-A", "all", "decaf", "paper", 3, instances="1", dim="8")
    assert store.result_name(changed) == "LF-A-all-decaf-paper-seed3-dim=8-instances=1"


def test_code_state_knows_changes_of_code_alone(store, repository):
    commit, dirty = store.code_state(repository)
    assert commit and len(commit) == 40 and not dirty
    (repository / "README.md").write_text("results\n")
    assert store.code_state(repository) == (commit, False)
    (repository / "xcgraph" / "new.py").write_text("2\n")
    assert store.code_state(repository) == (commit, True)


def test_tree_without_git_counts_as_changed(store, tmp_path):
    assert store.code_state(tmp_path) == (None, True)


def test_changed_since(store, repository):
    path = repository / "xcgraph" / "a.py"
    os.utime(path, (1000, 1000))
    assert store.changed_since(999, repository) == [os.path.join("xcgraph", "a.py")]
    assert store.changed_since(1000, repository) == []


def test_results_in_the_order_of_their_names(store, tmp_path):
    for name in ("b", "a"):
        store.write_text(tmp_path / "new" / f"{name}.json", f'{{"name": "{name}"}}\n')
    assert [result["name"] for result in store.load_results(tmp_path / "new")] == ["a", "b"]
    assert store.load_results(tmp_path / "absent") == []
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.json", "b.json"]


def test_machine(store):
    machine = store.machine()
    assert machine["cores"] >= 1 and machine["cpu"] and machine["system"]
