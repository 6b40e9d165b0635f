from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from xcgraph.inference import Predictor
from xcgraph.serving import ServedModel, served_model


def test_answers_as_the_predictor(folder):
    model = ServedModel.load(folder)
    assert model.predictor.predict(["alpha"], 3) == Predictor.load(folder).predict(["alpha"], 3)
    assert model.num_labels == 6 and model.labels.find("beta") == (1, [1])


def test_the_version_is_that_of_the_content(folder, write, tmp_path):
    version = ServedModel.load(folder).version
    assert ServedModel.load(write(tmp_path / "same")).version == version
    assert ServedModel.load(write(tmp_path / "other", 1)).version != version


def test_a_folder_replaced_while_it_is_read(folder, write, tmp_path, monkeypatch):
    write(tmp_path / "model")

    class Slow(Predictor):
        @classmethod
        def load(cls, path, device="cpu"):
            predictor = Predictor.load(path, device)
            path.rename(tmp_path / "old")
            write(path, 1)
            return predictor

    monkeypatch.setattr(served_model, "Predictor", Slow)
    with pytest.raises(ValueError, match="replaced while it was read; load it again"):
        ServedModel.load(tmp_path / "model")


def test_a_link_is_followed_once(write, tmp_path, monkeypatch):
    link = tmp_path / "current"
    link.symlink_to(write(tmp_path / "one"))
    write(tmp_path / "two", 1)

    class Slow(Predictor):
        @classmethod
        def load(cls, path, device="cpu"):
            link.unlink()
            link.symlink_to(tmp_path / "two")
            return Predictor.load(path, device)

    one, two = ServedModel.load(tmp_path / "one").version, ServedModel.load(tmp_path / "two").version
    monkeypatch.setattr(served_model, "Predictor", Slow)
    model = ServedModel.load(link)
    assert model.version == one != two
    assert model.predictor.predict(["alpha"]) == Predictor.load(tmp_path / "one").predict(["alpha"])


def test_no_model(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a model folder"):
        ServedModel.load(tmp_path)
