from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest
from tiny_sources import PACKAGES, read_json_lines

from xcgraph.data import DataError
from xcgraph.datasets import apt, build_debian


@pytest.fixture
def fake_apt(tmp_path, monkeypatch, command_path):
    """An apt whose lists hold the hand-made index, of this distribution and of another vendor."""
    monkeypatch.setattr(apt, "_distribution", lambda: ["kali", "debian"])
    other = tmp_path / "other"
    other.write_text("Package: foreign\nSuggests: viewer\nDescription: of another vendor\n")
    (tmp_path / "own").write_text(PACKAGES)
    (tmp_path / "words").write_text("Package: viewer\nDescription-en: shows pictures\n Long.\n")
    command_path("apt-config", "echo \"A='amd64'\"")

    def rows(translations: str = "") -> str:
        lines = [
            f"Packages\\tVendor\\tamd64\\t-\\t{other}",
            f"Packages\\tDebian\\tamd64\\t-\\t{tmp_path / 'own'}",
            f"Packages\\tDebian\\ti386\\t-\\t{other}",
            f"Packages\\tDebian\\tamd64\\t-\\t{tmp_path / 'absent'}",
            f"Contents\\tDebian\\tamd64\\t-\\t{other}",
            f"Translations\\tDebian\\t-\\tde\\t{other}",
            *([f"Translations\\tDebian\\t-\\ten\\t{translations}"] if translations else []),
        ]
        return "printf '" + "\\n".join(lines) + "\\n'"

    return tmp_path, command_path, rows


def test_only_the_machines_own_distribution(fake_apt):
    folder, command_path, rows = fake_apt
    command_path("apt-get", rows())
    with apt.apt_files() as files:
        assert files == ([folder / "own"], [])
    assert build_debian(folder / "out").labels == 6


def test_fetches_where_apt_keeps_nothing(fake_apt):
    folder, command_path, rows = fake_apt
    # Lists appear once the private state folder was updated; one source fails.
    seen = f"{folder}/state"
    command_path(
        "apt-get",
        f'case "$*" in *update) echo "$*" > {seen}; echo "E: one source failed" >&2; exit 100;; '
        f"*Dir::State=*) {rows()};; esac",
    )
    assert build_debian(folder / "out").labels == 6
    assert "Acquire::Languages=none" in Path(seen).read_text()
    private = next(part[11:] for part in Path(seen).read_text().split() if part.startswith("Dir::State="))
    assert not Path(private).exists()


def test_descriptions_are_fetched_on_demand(fake_apt):
    folder, command_path, rows = fake_apt
    command_path("apt-get", f'case "$*" in *Dir::State=*) {rows(str(folder / "words"))};; *) {rows()};; esac')
    with apt.apt_files() as files:
        assert not files.translations
    with apt.apt_files(descriptions=True) as files:
        assert files.translations == [folder / "words"]
    build_debian(folder / "out", descriptions=True)
    documents = {record["uid"]: record for record in read_json_lines(folder / "out/trn.json.gz")}
    assert documents["viewer"]["content"] == "Long."
    command_path("apt-get", rows())
    with pytest.raises(DataError, match=r"expected long descriptions.*build without"), apt.apt_files(True):
        pass


def test_nothing_can_be_fetched(tmp_path, command_path):
    command_path("apt-get", 'case "$*" in *update) echo "E: no network" >&2; exit 100;; esac')
    with pytest.raises(DataError, match=r"no network.*run 'apt-get update' as root, or give a Packages file"):
        build_debian(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_apt(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=r"expected apt-get .*as 'packages'"):
        build_debian(tmp_path / "out")


def test_no_helper(tmp_path, monkeypatch):
    monkeypatch.setattr(apt, "_HELPERS", (str(tmp_path / "apt-helper"),))
    (tmp_path / "Packages.lz4").write_bytes(b"\x04\x22\x4d\x18rest")
    with pytest.raises(DataError, match=r"Packages.lz4: expected .*apt-helper.*install apt, or name a file in xz"):
        apt.read_index(tmp_path / "Packages.lz4")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got an empty file"),
        (b"\n\n", "got an empty index"),
        (b"Package: a\nVersion: 1\n\nhello, world\n", ":4: expected 'Package: NAME', got 'hello, world'"),
        (b"Package: a\n\nVersion: 1\n", ":3: expected 'Package: NAME'"),
        (b"Package: a\nDescription: \xff\xfe\n", ":2: expected UTF-8 text, got byte 0xff"),
        (b"\x00\x01\x02binary", ":1: expected 'Package: NAME'"),
        (gzip.compress(PACKAGES.encode())[:-40], "damaged or truncated"),
        (lzma.compress(PACKAGES.encode())[:-40], "damaged or truncated"),
        (b"\x1f\x8bnot gzip at all", "damaged or truncated"),
        (b"\x04\x22\x4d\x18", r"damaged or truncated|expected .*apt-helper"),
    ],
    ids=["empty", "blank", "prose", "headless", "latin-1", "binary", "gzip", "xz", "false-gzip", "lz4"],
)
def test_bad_index(tmp_path, content, message):
    path = tmp_path / "Packages"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        build_debian(tmp_path / "out", packages=path)
    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_missing_index(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        build_debian(tmp_path / "out", packages=tmp_path / "Packages")


def test_distribution(tmp_path):
    (tmp_path / "os-release").write_text('NAME="Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n')
    names = apt._distribution(str(tmp_path / "os-release"))
    assert names[:3] == ["linuxmint", "ubuntu", "debian"]
    assert apt._distribution(str(tmp_path / "absent")) == ["debian", "ubuntu"]
