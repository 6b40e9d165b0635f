from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from tiny_sources import targets

from xcgraph.data import DataError, LFDataset
from xcgraph.datasets import (
    DATASETS,
    available,
    build_dataset,
    build_options,
    data_root,
    find_dataset,
    load_dataset,
    planted_matrices,
    registry,
)

PUBLISHED = [name for name, info in DATASETS.items() if info.kind == "supplied"]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("XCGRAPH_DATA", str(tmp_path / "root"))
    return tmp_path / "root"


def test_names():
    assert list(DATASETS)[:4] == ["debian", "debian-rse", "wordnet", "planted"]
    assert len(PUBLISHED) == 7 and len(DATASETS) == 11
    assert find_dataset("LF-AMAZONTITLES-131k").name == "LF-AmazonTitles-131K"
    assert find_dataset("lf-amazontitles-131k").propensity == (0.6, 2.6)
    assert find_dataset("LF-Wikipedia-500K").propensity == (0.5, 0.4)
    assert find_dataset("debian").propensity == (0.55, 1.5)
    for info in DATASETS.values():
        assert info.description and info.source and info.how_to_get
        # Pairs counted from either side: test documents have fewer labels where reciprocal ones left.
        from_documents = info.num_train * info.labels_per_document
        assert info.num_labels * info.documents_per_label == pytest.approx(from_documents, rel=0.08)


def test_unknown_names():
    with pytest.raises(ValueError, match=r"got 'debain'; did you mean 'debian'\?"):
        load_dataset("debain")
    with pytest.raises(ValueError, match=r"did you mean 'LF-WikiSeeAlso-320K'\?"):
        available("lf-wikiseealso320k")
    with pytest.raises(ValueError, match="known: debian, debian-rse, wordnet, planted"):
        build_dataset("###", "nowhere")


def test_build_then_reuse(root):
    assert available("planted") == (True, "can be built here")
    data = load_dataset("Planted", num_labels=20)
    assert isinstance(data, LFDataset)
    assert (data.name, data.num_labels, data.propensity) == ("planted", 20, (0.55, 1.5))
    (folder,) = root.iterdir()
    stamp = (folder / "trn.json.gz").stat().st_mtime_ns
    assert load_dataset("planted", num_labels=20, propensity=(0.6, 2.6)).propensity == (0.6, 2.6)
    assert (folder / "trn.json.gz").stat().st_mtime_ns == stamp
    load_dataset("planted", num_labels=20, rebuild=True)
    assert (folder / "trn.json.gz").stat().st_mtime_ns != stamp
    # Other options, another folder.
    assert load_dataset("planted", num_labels=30).num_labels == 30
    assert len(list(root.iterdir())) == 2


def test_default_options_have_the_plain_name(root, wordnet, monkeypatch):
    monkeypatch.setenv("WNSEARCHDIR", str(wordnet))
    assert available("wordnet") == (True, f"can be built from {wordnet}")
    data = load_dataset("wordnet")
    assert (data.train_x.shape[0], data.test_x.shape[0], data.num_labels) == (6, 1, 5)
    assert [folder.name for folder in root.iterdir()] == ["wordnet"]
    assert available("wordnet") == (True, f"built in {root / 'wordnet'}")
    # Only the titles: no word of the glosses.
    assert load_dataset("wordnet", text="title").num_features < data.num_features


def test_debian_options(tmp_path, packages):
    assert build_options("debian") == ["packages", "translations", "descriptions"]
    assert build_dataset("DEBIAN-RSE", tmp_path / "rse", packages=packages).labels == 7
    assert build_dataset("debian", tmp_path / "all", packages=packages).labels == 6
    with pytest.raises(FileExistsError):
        build_dataset("debian", tmp_path / "all", packages=packages)
    assert build_dataset("debian", tmp_path / "all", packages=packages, overwrite=True).labels == 6
    with pytest.raises(ValueError, match="debian has no option 'seed'; it has packages, translations"):
        build_dataset("debian", tmp_path / "other", seed=1)
    with pytest.raises(ValueError, match="no option 'kind'"):
        build_dataset("debian", tmp_path / "other", kind="debian-rse")


def test_availability_of_debian(root, monkeypatch, tmp_path):
    monkeypatch.setattr(registry.shutil, "which", lambda name: None)
    ok, reason = available("debian")
    assert not ok and "apt-get" in reason
    monkeypatch.setattr(registry.shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(registry, "apt_files_here", lambda: True)
    assert available("debian") == (True, "can be built from apt's package index")
    monkeypatch.setattr(registry, "apt_files_here", lambda: False)
    assert "fetched" in available("debian-rse")[1]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sets_say_where_to_get_them(root, name):
    ok, reason = available(name)
    assert not ok
    with pytest.raises(DataError) as caught:
        load_dataset(name.lower())
    with pytest.raises(DataError, match="cannot be built, only read"):
        build_dataset(name, root / "out")
    for text in (reason, str(caught.value)):
        assert str(root / name) in text
        assert "Extreme Classification Repository (http" in text
        assert "trn_X_Xf.txt" in text and "lbl.json.gz" in text and "filter_labels_test.txt" in text
        assert "\n" not in text


def test_published_set_in_place(root, tmp_path):
    build_dataset("planted", root / "LF-AmazonTitles-131K", num_labels=10)
    assert available("lf-amazontitles-131k") == (True, f"raw files in {root / 'LF-AmazonTitles-131K'}")
    for data in (
        load_dataset("LF-AmazonTitles-131K"),
        load_dataset("lf-amazontitles-131k", root=root),
        # By folder: the name of the folder tells the propensities.
        load_dataset(root / "LF-AmazonTitles-131K"),
    ):
        assert (data.name, data.propensity, data.num_labels) == ("LF-AmazonTitles-131K", (0.6, 2.6), 10)


def test_folder(root, tmp_path):
    build_dataset("planted", tmp_path / "mine", num_labels=10, seed=4)
    data = load_dataset(tmp_path / "mine")
    assert data.name == "mine"
    assert [row.indices.tolist() for row in data.test_y] == list(targets(tmp_path / "mine/tst.json.gz").values())
    assert [row.indices.tolist() for row in planted_matrices(10, seed=4).test_y] == [
        row.indices.tolist() for row in data.test_y
    ]
    with pytest.raises(DataError, match="absent: expected a data folder"):
        load_dataset(tmp_path / "absent")


def test_failed_build_leaves_nothing(root, tmp_path):
    (tmp_path / "Packages").write_text("Package: a\nSuggests: b\n")
    with pytest.raises(DataError):
        load_dataset("debian", packages=tmp_path / "Packages")
    assert not root.exists() or not list(root.iterdir())


def test_root(monkeypatch, tmp_path):
    monkeypatch.setenv("XCGRAPH_DATA", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_root() == tmp_path / ".cache/xcgraph/data"
    monkeypatch.setenv("XCGRAPH_DATA", "/data")
    assert str(data_root()) == "/data"
    assert str(data_root("here")) == "here"


def test_building_is_logged(root, caplog):
    with caplog.at_level(logging.INFO, "xcgraph"):
        load_dataset("planted", num_labels=10)
    assert "building planted in" in caplog.text


def test_import_is_light():
    code = (
        "import sys, xcgraph.datasets; "
        "print([m for m in ('sklearn', 'numba', 'pynndescent', 'scipy.sparse') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
