from __future__ import annotations

import json

PACKAGES = """Package: tmux
Description: terminal multiplexer
Suggests: screen, vim

Package: screen
Description: other multiplexer
Suggests: tmux

Package: vim
Description: editor
Recommends: nano, tmux

Package: nano
Description: small editor
Suggests: vim, screen

Package: emacs
Description: large editor
Suggests: vim, nano
"""


def test_planted(bench, error, tmp_path):
    out = tmp_path / "set"
    args = ("data", "build", "planted", "--labels", 30, "--train", 50, "--test", 9, "--seed", 1, "--out", out)
    text = bench(*args).stdout
    rows = {line.rsplit(maxsplit=1)[0]: line.split()[-1] for line in text.splitlines()[1:]}
    assert (rows["training documents"], rows["test documents"], rows["labels"]) == ("50", "9", "30")
    assert {path.name for path in out.iterdir()} == {"trn.json.gz", "tst.json.gz", "lbl.json.gz"}
    assert f"{out}: holds files already; choose another folder, or add --overwrite" in error(*args, code=2)
    report = json.loads(bench(*args, "--overwrite", "--json").stdout)
    assert (report["name"], report["out"], report["labels"], report["train"]) == ("planted", str(out), 30, 50)


def test_debian_options(bench, error, tmp_path):
    (tmp_path / "Packages").write_text(PACKAGES)
    args = ("data", "build", "DEBIAN-RSE", "--packages", tmp_path / "Packages", "--out", tmp_path / "set")
    assert bench(*args).stdout.startswith(f"debian-rse in {tmp_path / 'set'}\n")
    line = error(*args, "--seed", 1, "--overwrite", code=2)
    assert "debian-rse has no --seed; it has --packages, --translations, --descriptions" in line
    line = error("data", "build", "debian", "--packages", tmp_path / "no", "--out", tmp_path / "other", code=1)
    assert str(tmp_path / "no") in line
    assert not (tmp_path / "other").exists()


def test_mistakes(error, tmp_path):
    out = ("--out", tmp_path / "out")
    assert "did you mean 'debian'?" in error("data", "build", "debain", *out, code=2)
    assert "--labels must be between 10" in error("data", "build", "planted", "--labels", 3, *out, code=2)
    assert "cannot be built, only read" in error("data", "build", "LF-Amazon-131K", *out, code=1)
    line = error("data", "build", "wordnet", "--dir", tmp_path, *out, code=1)
    assert line.startswith(f"Error: {tmp_path}: expected WordNet's data.noun")
    assert "Missing option '--out'" in error("data", "build", "planted", code=2)
    assert not (tmp_path / "out").exists()
