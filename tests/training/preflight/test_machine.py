from xcgraph.training.preflight import Machine
from xcgraph.training.preflight.machine import _cgroup_room


def test_here(tmp_path):
    machine = Machine.here(tmp_path / "not" / "yet")
    assert machine.memory > 1e8 and machine.disk > 0


def test_limits_of_containers(tmp_path):
    assert _cgroup_room(tmp_path) is None
    (tmp_path / "memory.current").write_text("30\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert _cgroup_room(tmp_path) is None
    (tmp_path / "memory.max").write_text("100\n")
    assert _cgroup_room(tmp_path) == 70
    (tmp_path / "memory.max").write_text("10\n")
    assert _cgroup_room(tmp_path) == 0


def test_limits_of_version_1(tmp_path):
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("50")
    (tmp_path / "memory" / "memory.usage_in_bytes").write_text("20")
    assert _cgroup_room(tmp_path) == 30
