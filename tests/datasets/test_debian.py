from __future__ import annotations

import bz2
import gzip
import lzma
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from tiny_sources import PACKAGES, read_json_lines, read_pairs, targets

from xcgraph.data import DataError
from xcgraph.datasets import DATASETS, build_debian
from xcgraph.datasets.apt import apt_files_here
from xcgraph.datasets.debian import _version_key


def test_all_relations(tmp_path, packages):
    report = build_debian(tmp_path / "out", packages=packages)
    labels = read_json_lines(tmp_path / "out/lbl.json.gz")
    assert [label["uid"] for label in labels] == ["browser", "editor", "mailer", "player", "shell", "viewer"]
    assert labels[0] == {"uid": "browser", "title": "browser: browses"}
    assert targets(tmp_path / "out/trn.json.gz") == {
        "browser": [2],
        # mailer is of the same source; 'twice' has two providers.
        "chat": [0],
        # Enhances counts in both directions.
        "mailer": [0],
        "player": [4, 5],
        # mail-agent has one provider, mailer.
        "viewer": [1, 2, 3],
    }
    # viewer, a training document, names editor: this pair is reciprocal. terminal and plugin have no training
    # document, and all that shell had is reciprocal.
    assert targets(tmp_path / "out/tst.json.gz") == {"editor": [3], "plugin": [1]}
    assert read_pairs(tmp_path / "out/filter_labels_train.txt") == [(0, 0), (1, 2), (2, 2), (3, 3), (4, 5)]
    assert read_pairs(tmp_path / "out/filter_labels_test.txt") == [(0, 1), (0, 5)]
    assert (report.train, report.test, report.labels) == (5, 2, 6)
    assert (report.train_pairs, report.test_pairs, report.tail_labels) == (8, 2, 6)
    assert report.dropped["labels without a training document"] == 2
    assert report.dropped["test documents with reciprocal pairs only"] == 1
    assert report.dropped["labels of more than 1 % of the documents"] == 1
    assert report.dropped["packages that are no documents (debug, kernel, oldlibs)"] == 1
    assert "5 training and 2 test documents, 6 labels, 1.43 labels a document" in str(report)


def test_weak_relations(tmp_path, packages):
    build_debian(tmp_path / "out", "debian-rse", packages=packages)
    labels = [label["uid"] for label in read_json_lines(tmp_path / "out/lbl.json.gz")]
    # Libraries that somebody recommends by hand are labels here.
    assert labels == ["browser", "editor", "libfoo", "mailer", "player", "shell", "viewer"]
    assert targets(tmp_path / "out/trn.json.gz")["viewer"] == [1, 2, 3, 4]
    # No dependency of chat on its sibling mailer, so nothing was withheld.
    assert (1, 3) not in read_pairs(tmp_path / "out/filter_labels_train.txt")


def test_metapackages_are_no_documents(tmp_path, packages):
    names = [f"part{number}" for number in range(101)]
    text = "".join(f"Package: {name}\nDescription: a part\n\n" for name in names)
    for dropped, count in ((0, 100), (1, 101)):
        everything = f"Package: meta\nDescription: all\nSuggests: {', '.join(names[:count])}\n"
        packages.write_text(PACKAGES + "\n" + text + everything)
        report = build_debian(tmp_path / f"out{count}", packages=packages)
        assert report.dropped["documents with more than 100 labels"] == dropped
        assert ("meta" in targets(tmp_path / f"out{count}/trn.json.gz")) == (not dropped)


def test_long_descriptions(tmp_path, packages):
    translation = tmp_path / "Translation-en"
    translation.write_text(
        "Package: viewer\nDescription-md5: 00\nDescription-en: shows pictures\n It shows\n .\n all.\n\n"
        "Package: unknown\nDescription-en: nothing\n At all.\n"
    )
    build_debian(tmp_path / "out", packages=packages, translations=translation)
    documents = {record["uid"]: record for record in read_json_lines(tmp_path / "out/trn.json.gz")}
    assert documents["viewer"]["title"] == "viewer: shows pictures"
    assert documents["viewer"]["content"] == "It shows all."
    # An index may hold them itself.
    assert documents["player"]["content"] == "It plays every sound. Well, most."
    assert "content" not in documents["browser"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_same_bytes_from_any_compression(tmp_path, packages, pack):
    build_debian(tmp_path / "plain", packages=packages)
    # The name does not matter.
    (tmp_path / "index").write_bytes(pack(PACKAGES.encode()))
    build_debian(tmp_path / "packed", packages=[tmp_path / "index"])
    for file in (tmp_path / "plain").iterdir():
        assert file.read_bytes() == (tmp_path / "packed" / file.name).read_bytes()


def test_versions():
    ordered = ["", "1.0~~", "1.0~rc1-9", "1.0-1", "1.0-1.1", "1.0a-1", "1.0+b-1", "1.0.2", "1.0.10", "2", "1:0.1"]
    keys = [_version_key({"Version": version}) for version in ordered]
    assert keys == sorted(keys)
    assert len({str(key) for key in keys}) == len(keys)


def test_wrong_options(tmp_path, packages):
    with pytest.raises(ValueError, match="'debian' or 'debian-rse', got 'fedora'"):
        build_debian(tmp_path / "out", "fedora", packages=packages)
    with pytest.raises(ValueError, match="give 'translations' files"):
        build_debian(tmp_path / "out", packages=packages, descriptions=True)
    with pytest.raises(ValueError, match="belongs to 'packages'"):
        build_debian(tmp_path / "out", translations=packages)


def test_nothing_to_build(tmp_path):
    (tmp_path / "Packages").write_text("Package: alone\nDescription: depends on nobody\n")
    with pytest.raises(DataError, match="expected documents that name others"):
        build_debian(tmp_path / "out", packages=tmp_path / "Packages")
    assert not (tmp_path / "out").exists()


def _published_release() -> bool:
    release = Path("/etc/os-release")
    return release.is_file() and {"ID=debian", 'VERSION_ID="12"'} <= set(release.read_text().split("\n"))


@pytest.mark.debian_index
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("debian", (25_171, 7_874, 22_434, 3.74, 4.30, 82.8)),
        # Documents a label and share of the tail are what was built first on Debian 12.15.
        ("debian-rse", (9_751, 2_747, 10_545, 3.14, 3.04, 89.3)),
    ],
)
def test_real_counts(tmp_path, kind, expected):
    if shutil.which("apt-get") is None or not apt_files_here():
        pytest.skip("apt keeps no package index on this machine")
    if not _published_release() or platform.machine() != "x86_64":
        pytest.skip("the counts are those of Debian 12 on amd64")
    report = build_debian(tmp_path / "out", kind)
    # The published counts were taken before reciprocal pairs left the truth.
    reciprocal = report.dropped["reciprocal pairs of test documents"]
    all_test = report.test + report.dropped["test documents with reciprocal pairs only"]
    pairs = report.train_pairs + report.test_pairs + reciprocal
    found = (
        report.train,
        all_test,
        report.labels,
        pairs / (report.train + all_test),
        report.documents_per_label,
        report.tail_share,
    )
    assert found == pytest.approx(expected, rel=0.03)
    info = DATASETS[kind]
    assert (report.train, report.test, report.labels, report.labels_per_document) == pytest.approx(
        (info.num_train, info.num_test, info.num_labels, info.labels_per_document), rel=0.03
    )


@pytest.mark.skipif(shutil.which("lz4") is None or shutil.which("apt-get") is None, reason="needs lz4 and apt")
def test_lz4(tmp_path, packages):
    subprocess.run(["lz4", "-q", str(packages), str(tmp_path / "index")], check=True)
    assert build_debian(tmp_path / "out", packages=tmp_path / "index").labels == 6
