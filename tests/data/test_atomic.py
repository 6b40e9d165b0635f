import stat

import pytest

from xcgraph.data.atomic import atomic_file, atomic_folder


def test_atomic_folder_appears_whole(tmp_path):
    out = tmp_path / "deep" / "out"
    with atomic_folder(out) as work:
        (work / "a").write_text("1")
        assert not out.exists()
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    assert (out / "a").read_text() == "1"
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(out.parent.stat().st_mode)


def test_atomic_folder_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "out") as work:
        (work / "a").write_text("1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_atomic_folder_keeps_what_is_there(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("mine")
    with pytest.raises(FileExistsError, match="holds files"), atomic_folder(out):
        pytest.fail("entered")
    (out / "a").write_text("old")
    (out / "b").write_text("stale")
    (out / "sub").mkdir()
    (out / "sub" / "old").write_text("old")
    with atomic_folder(out, overwrite=True, stale=["a", "b"]) as work:
        (work / "a").write_text("new")
        (work / "sub").mkdir()
    assert sorted(p.name for p in out.iterdir()) == ["a", "mine", "sub"]
    assert (out / "a").read_text() == "new"
    assert list((out / "sub").iterdir()) == []
    assert list(tmp_path.iterdir()) == [out]


def test_atomic_folder_in_the_working_directory(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    with atomic_folder(".") as work:
        (work / "a").write_text("1")
    assert [p.name for p in tmp_path.iterdir()] == ["out"] and (out / "a").read_text() == "1"


def test_atomic_folder_refuses_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with (
        pytest.raises(FileExistsError, match="expected a folder"),
        atomic_folder(tmp_path / "out", overwrite=True),
    ):
        pytest.fail("entered")


def test_atomic_file(tmp_path):
    out = tmp_path / "deep" / "out.npz"
    for text in ("old", "new"):
        with atomic_file(out) as work:
            assert work.suffix == ".npz" and work.parent == out.parent
            work.write_text(text)
        assert out.read_text() == text
    with pytest.raises(RuntimeError), atomic_file(out) as work:
        work.write_text("half")
        raise RuntimeError
    assert [path.name for path in out.parent.iterdir()] == ["out.npz"] and out.read_text() == "new"


@pytest.mark.parametrize("make", [atomic_file, atomic_folder])
def test_where_nothing_can_be_written(make, tmp_path):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "out"
    with pytest.raises(OSError) as caught, make(out):
        pytest.fail("entered")
    assert caught.value.filename == str(out)
    assert caught.value.strerror.startswith("cannot be written (")
