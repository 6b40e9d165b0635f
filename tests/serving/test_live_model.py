from __future__ import annotations

import shutil
import threading

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from xcgraph.serving import LiveModel, ServedModel


def test_a_renamed_folder_is_taken(write, tmp_path):
    path = write(tmp_path / "model")
    live = LiveModel(lambda: path)
    old = live.current
    expected = old.predictor.predict(["alpha beta"], 6)
    write(tmp_path / "new", 1)
    path.rename(tmp_path / "old")
    (tmp_path / "new").rename(path)
    assert live.current is old  # nothing happens by itself
    assert live.reload() is live.current is not old
    assert live.current.version != old.version and live.error is None
    assert live.current.predictor.predict(["alpha beta"], 6) != expected
    shutil.rmtree(tmp_path / "old")
    assert old.predictor.predict(["alpha beta"], 6) == expected  # who holds it can go on


def test_a_link_is_taken(write, tmp_path):
    link = tmp_path / "current"
    link.symlink_to(write(tmp_path / "one"))
    write(tmp_path / "two", 1)
    live = LiveModel(lambda: link)
    link.unlink()
    link.symlink_to(tmp_path / "two")
    assert live.reload().version == ServedModel.load(tmp_path / "two").version


@pytest.mark.parametrize("damage", ["absent", "truncated", "json", "version"])
def test_the_old_model_goes_on(write, tmp_path, caplog, damage):
    path = write(tmp_path / "model")
    live = LiveModel(lambda: path)
    old, expected = live.current, live.current.predictor.predict(["alpha"], 6)
    path.rename(tmp_path / "old")
    if damage != "absent":
        write(path, 1)
        name = "member-0.safetensors" if damage == "truncated" else "config.json"
        content = {"truncated": b"", "json": b"{", "version": b'{"format_version": 999}'}[damage]
        (path / name).unlink()
        (path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"the old model \\(version {old.version}\\) keeps serving"):
        live.reload()
    assert live.current is old and old.predictor.predict(["alpha"], 6) == expected
    assert live.error.startswith(str(path)) and live.error in caplog.text
    shutil.rmtree(path, ignore_errors=True)
    write(path, 2)
    assert live.reload() is live.current is not old and live.error is None


def test_reloads_wait_for_each_other(folder):
    seen, entered, go = [], threading.Event(), threading.Event()

    def locate():
        seen.append(threading.current_thread())
        if len(seen) == 2:
            entered.set()
            assert go.wait(30)
        return folder

    live = LiveModel(locate)
    threads = [threading.Thread(target=live.reload) for _ in range(2)]
    threads[0].start()
    assert entered.wait(30)
    threads[1].start()
    assert len(seen) == 2
    go.set()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 3


def test_no_model_at_the_start(tmp_path):
    with pytest.raises(FileNotFoundError):
        LiveModel(lambda: tmp_path)
