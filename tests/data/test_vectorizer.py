import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from xcgraph.data import DataError, Vectorizer, tokenize

TEXTS = [
    "network-manager: NetworkManager daemon",
    "terminal multiplexer for the terminal",
    "text editor, editor, editor",
    "",
    "python3 bindings for Qt5",
    "editor of network text",
]
NEW = ["unknown words", "the network editor editor", "!!", "editors and networks", "Qt5"]
OPTIONS = [{}, {"min_df": 2}, {"max_features": 5}, {"char_ngrams": (3, 5)}, {"subwords": 60}]


@pytest.mark.parametrize("options", [{}, {"min_df": 2}])
def test_vectorizer_equals_scikit_learn(options):
    oracle = TfidfVectorizer(analyzer=tokenize, sublinear_tf=True, dtype=np.float32, **options)
    expected = oracle.fit_transform(TEXTS)
    vectorizer = Vectorizer(**options)
    (x,) = vectorizer.fit_transform(iter(TEXTS))
    assert vectorizer.vocabulary == oracle.get_feature_names_out().tolist()
    assert x.dtype == np.float32 and x.has_sorted_indices
    np.testing.assert_allclose(x.toarray(), expected.toarray(), rtol=1e-6)
    np.testing.assert_allclose(vectorizer.transform(NEW).toarray(), oracle.transform(NEW).toarray(), rtol=1e-6)


@pytest.mark.parametrize("options", OPTIONS)
def test_streams_equal_one_stream(options):
    both = Vectorizer(**options)
    head, tail = both.fit_transform(iter(TEXTS[:2]), iter(TEXTS[2:]))
    one = Vectorizer(**options)
    (x,) = one.fit_transform(TEXTS)
    assert both.vocabulary == one.vocabulary
    assert head.shape[0] == 2 and (head != x[:2]).nnz == 0 and (tail != x[2:]).nnz == 0
    assert (one.transform(iter(TEXTS)) != x).nnz == 0
    norms = np.sqrt(x.multiply(x).sum(1))
    np.testing.assert_allclose(norms[np.diff(x.indptr) > 0], 1, rtol=1e-6)


@pytest.mark.parametrize("options", OPTIONS)
def test_one_text_equals_its_row(options):
    vectorizer = Vectorizer(**options).fit(TEXTS)
    texts = TEXTS + NEW
    rows = vectorizer.transform(iter(texts))
    for row, text in zip(rows, texts, strict=True):
        ids, weights = vectorizer.encode(text)
        np.testing.assert_array_equal(ids, row.indices)
        np.testing.assert_array_equal(weights, row.data)  # to the last bit
        single = vectorizer.transform([text])
        assert single.shape == row.shape and single.dtype == row.dtype and (single != row).nnz == 0


def test_character_ngrams_join_inflections():
    plain, ngrams = Vectorizer().fit(TEXTS), Vectorizer(char_ngrams=(3, 4)).fit(TEXTS)
    assert plain.encode("editing")[0].size == 0
    tokens = {ngrams.vocabulary[i] for i in ngrams.encode("editing")[0].tolist()}
    assert tokens == {"#<ed", "#<edi", "#edi", "#dit", "#edit", "#ing"}


def test_subwords_join_inflections():
    texts = ["network networks networking"] * 5
    assert Vectorizer(subwords=30).fit(texts).encode("networked")[0].size > 0
    assert Vectorizer().fit(texts).encode("networked")[0].size == 0


def test_max_features_keeps_the_most_common():
    vectorizer = Vectorizer(max_features=2).fit(["b a", "b c", "a", "c d"])
    assert vectorizer.vocabulary == ["a", "b"]  # c as common as both, later in the alphabet


@pytest.mark.parametrize("options", OPTIONS)
def test_save_and_load(tmp_path, options):
    vectorizer = Vectorizer(**options).fit(TEXTS)
    vectorizer.save(tmp_path / "v")
    assert {path.suffix for path in (tmp_path / "v").iterdir()} == {".json", ".npy"}
    loaded = Vectorizer.load(tmp_path / "v")
    assert repr(loaded) == repr(vectorizer)
    assert loaded.vocabulary == vectorizer.vocabulary
    assert (loaded.transform(NEW) != vectorizer.transform(NEW)).nnz == 0
    np.testing.assert_array_equal(loaded.encode(NEW[1])[1], vectorizer.encode(NEW[1])[1])


def test_load_refuses_what_does_not_fit(tmp_path):
    Vectorizer().fit(TEXTS).save(tmp_path / "v")
    (tmp_path / "v" / "vocabulary.json").write_text('["a"]')
    with pytest.raises(ValueError, match="expected 1 distinct tokens"):
        Vectorizer.load(tmp_path / "v")
    (tmp_path / "v" / "config.json").write_text('{"format_version": 99}')
    with pytest.raises(ValueError, match="expected format_version 1, got 99"):
        Vectorizer.load(tmp_path / "v")
    with pytest.raises(FileNotFoundError):
        Vectorizer.load(tmp_path / "absent")


def test_same_ids_in_another_process(tmp_path):
    texts = TEXTS + NEW
    expected = []
    for i, options in enumerate(OPTIONS):
        # Neither the order of the texts nor the process changes the ids.
        vectorizer = Vectorizer(**options).fit(reversed(texts))
        vectorizer.save(tmp_path / str(i))
        expected.append([vectorizer.vocabulary, [vectorizer.encode(text)[0].tolist() for text in texts]])
    script = (
        "import json, sys\n"
        "from xcgraph.data import Vectorizer\n"
        "folder, all_options, texts = json.loads(sys.argv[1])\n"
        "found = []\n"
        "for i, options in enumerate(all_options):\n"
        "    loaded = Vectorizer.load(f'{folder}/{i}')\n"
        "    ids = [loaded.encode(text)[0].tolist() for text in texts]\n"
        "    found.append([Vectorizer(**options).fit(texts).vocabulary, ids])\n"
        "print(json.dumps(found))\n"
    )
    arguments = json.dumps([str(tmp_path), OPTIONS, texts])
    out = subprocess.run(
        [sys.executable, "-c", script, arguments], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert json.loads(out) == expected


@pytest.mark.parametrize("texts", [[], ["", "!?"]])
def test_fit_without_words(texts):
    vectorizer = Vectorizer()
    with pytest.raises(DataError, match="expected texts with at least one word"):
        vectorizer.fit(texts)
    assert not vectorizer.is_fitted


def test_fit_leaves_nothing_that_min_df_keeps():
    with pytest.raises(DataError, match="one word that at least 3 texts have, got 2 texts without"):
        Vectorizer(min_df=3).fit(["a", "a"])


def test_vectorizer_misuse():
    with pytest.raises(RuntimeError, match="not fitted"):
        Vectorizer().transform(["a"])
    with pytest.raises(RuntimeError, match="not fitted"):
        Vectorizer().encode("a")
    with pytest.raises(TypeError, match="iterable of texts"):
        Vectorizer().fit("a text")
    for options in ({"min_df": 0}, {"max_features": 0}, {"char_ngrams": (0, 2)}, {"char_ngrams": (3, 2)}):
        with pytest.raises(ValueError, match=next(iter(options))):
            Vectorizer(**options)
    with pytest.raises(ValueError, match="subwords"):
        Vectorizer(subwords=0)


def test_transform_of_no_texts():
    assert Vectorizer().fit(TEXTS).transform([]).shape == (0, Vectorizer().fit(TEXTS).num_features)
