"""What the pages show works: Python runs, commands parse, links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from blocks import PAGES, ROOT, Block, read_blocks, shell_commands
from examples import EXAMPLES, load_example

from xcgraph.cli import main

BY_NAME = {page.relative_to(ROOT).as_posix(): page for page in PAGES}
#: Their cells run when the docs are built, one after the other; blocks between them may speak of what cells made.
NOTEBOOKS = {name for name, page in BY_NAME.items() if read_blocks(page, "{code-cell}")}
WITH_PYTHON = [name for name, page in BY_NAME.items() if read_blocks(page, "python")]
RUN_HERE = [name for name in WITH_PYTHON if name not in NOTEBOOKS and name != "README.md"]


def commands(program: str) -> list[tuple[str, list[str]]]:
    """Every use of a program on a page: ``(page:line of its block, arguments)``."""
    found = []
    for name, page in BY_NAME.items():
        for block in read_blocks(page, "console", "bash"):
            for words in shell_commands(block):
                if words[0] == program:
                    found.append((f"{name}:{block.line}", words[1:]))
    return found


def parse(command: click.Command, name: str, args: list[str]) -> None:
    """What click does with a command line, short of running it; raises click's errors."""
    try:
        with command.make_context(name, list(args)) as ctx:
            if isinstance(command, click.Group):
                # A group's own options come first; the rest is a command and its arguments.
                rest = list(args)
                while rest and rest[0].startswith("-"):
                    rest.pop(0)
                sub_name, sub, rest = command.resolve_command(ctx, rest)
                assert sub is not None
                parse(sub, sub_name or "", rest)
    except click.exceptions.Exit:  # --help, --version
        pass


def shown(use: tuple[str, list[str]]) -> str:
    return f"{use[0]} {shlex.join(use[1])}"


def run_python(page: Path) -> dict[str, object]:
    """Runs the blocks of a page one after the other, as a reader would type them; returns their variables."""
    scope: dict[str, object] = {"__name__": "page"}
    for block in read_blocks(page, "python"):
        # Line numbers of a traceback are those of the page.
        exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), scope)
    return scope


@pytest.mark.parametrize("name", sorted(NOTEBOOKS.intersection(WITH_PYTHON)))
def test_python_between_cells_is_python(name):
    for block in read_blocks(BY_NAME[name], "python"):
        compile("\n" * (block.line - 1) + block.text, name, "exec")


@pytest.mark.parametrize("name", RUN_HERE)
def test_python_runs(name, inside):
    run_python(BY_NAME[name])


def test_python_of_the_readme_gives_what_it_says(inside):
    scope = run_python(BY_NAME["README.md"])
    graph, hits, metrics = scope["graph"], scope["hits"], scope["metrics"]
    assert graph.num_nodes == 60 and graph.edge_index.size(1) == graph.edge_weight.size(0)
    assert len(hits) == 1 and len(hits[0]) == 5 and all(len(hit) == 3 for hit in hits[0])
    assert 0 <= metrics["P@1"] <= 100
    assert scope["logits"].shape == (60, 4)


@pytest.mark.parametrize("use", commands("xcgraph-bench"), ids=shown)
def test_command_parses(use):
    parse(main, "xcgraph-bench", use[1])


@pytest.mark.parametrize("use", commands("python"), ids=shown)
def test_script_parses(use):
    import ablation
    import accuracy
    import compare
    import graph_build
    import latency
    import new_labels
    import render
    import report_image
    import sampler
    import scale

    script, *args = use[1]
    modules = (
        ablation, accuracy, compare, graph_build, latency, new_labels, render, report_image, sampler, scale
    )  # fmt: skip
    known = {f"benchmarks/{module.__name__}.py": module.main for module in modules}
    known |= {path.relative_to(ROOT).as_posix(): load_example(path).main for path in EXAMPLES}
    parse(known[script], script, args)


@pytest.mark.parametrize("use", commands("make"), ids=shown)
def test_make_has_the_target(use):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert use[1] and set(use[1]) <= set(targets)


@pytest.mark.parametrize(
    "args", ["rum x", "run x --out y --modell eclare", "run x --out y --model parabel", "run x"]
)
def test_wrong_commands_do_not_parse(args):
    with pytest.raises(click.UsageError):
        parse(main, "xcgraph-bench", args.split())


def test_pages_show_commands():
    assert {"datasets", "data", "graph", "run", "eval", "predict", "compare"} <= {
        args[0] for _, args in commands("xcgraph-bench") if args
    }


def run_bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path}
    done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def test_own_data_of_the_readme(tmp_path):
    block = next(b for b in read_blocks(BY_NAME["README.md"], "bash") if "mine/lbl.json" in b.text)
    script = "\n".join(line for line in block.text.split("\n") if not line.startswith("xcgraph-bench run"))
    done = run_bash(script, tmp_path)
    assert "0 errors, 0 warnings" in done.stderr and "worth a look" not in done.stdout


def test_own_data_from_a_table_to_predictions(tmp_path):
    (block,) = read_blocks(BY_NAME["docs/own-data.md"], "bash")
    script = block.text.replace("dim=32", "dim=32 --set max_epochs=2 --set min_epochs=1 --quiet")
    done = run_bash(script, tmp_path)
    assert "left out: documents without labels" in done.stdout and "0 errors, 0 warnings" in done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["labels"][0]["uid"] == "shell" and len(answer["labels"]) == 2


@pytest.mark.parametrize("name", BY_NAME)
def test_links_lead_somewhere(name):
    page = BY_NAME[name]
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path) if path else page
        assert other.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in anchors(other), f"{name}: {target}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_blocks_are_told_apart(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n```python\nx = 1\n```\n```console\n$ a b | c -d\nout\n$ e; f \\\n  g # h\n```\n")
    python, console = read_blocks(page)
    assert python == Block(page, "python", 3, "x = 1")
    assert shell_commands(console) == [["a", "b"], ["c", "-d"], ["e"], ["f", "g"]]
    page.write_text("````{note}\n```python\nx\n```\n````\n```{code-cell} ipython3\n:tags: [a]\ny = 2\n```\n")
    assert [(block.language, block.line) for block in read_blocks(page)] == [("{note}", 2), ("{code-cell}", 7)]
    page.write_text("```bash\ncat > x <<'END'\nxcgraph-bench nonsense\nEND\nxcgraph-bench run x\n```\n")
    assert shell_commands(read_blocks(page)[0]) == [["cat", ">", "x"], ["xcgraph-bench", "run", "x"]]


def test_metrics_of_a_run_are_described(workplace):
    described = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    metrics = json.loads((workplace / "runs" / "bench" / "metrics.json").read_text())
    inner = [key for part in (metrics["data"], metrics["per_decile"][0]) for key in part]
    missing = [key for key in [*metrics, *inner] if f"`{key}`" not in described]
    assert not missing


def test_model_folder_is_described(workplace):
    from safetensors import safe_open

    described = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    model = workplace / "runs" / "bench" / "model"
    files = [path.name for path in model.rglob("*") if path.is_file() and not path.name.startswith("member-")]
    config = json.loads((model / "config.json").read_text())
    assert not [name for name in [*files, *config] if f"`{name}`" not in described]
    with safe_open(model / "member-0.safetensors", "pt") as file:
        names = list(file.keys())
    groups = {name.split(".")[0] for name in names if f"`{name}`" not in described}
    assert not [group for group in groups if f"`{group}.*`" not in described]


def test_every_setting_is_described():
    import dataclasses

    from xcgraph.training import Settings

    text = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    table = text[text.index("| setting | what |") :]
    first = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]
    described = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    assert described == {field.name for field in dataclasses.fields(Settings)}


def leaves(command: click.Command, name: str) -> list[tuple[str, click.Command]]:
    """All commands below one, by the words that call them."""
    if not isinstance(command, click.Group):
        return [(name, command)]
    ctx = click.Context(command)
    below = []
    for word in command.list_commands(ctx):
        sub = command.get_command(ctx, word)
        assert sub is not None
        below += leaves(sub, f"{name} {word}".strip())
    return below


LEAVES = dict(leaves(main, ""))


def options_of(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("-")}


@pytest.mark.parametrize("name", LEAVES)
def test_every_option_is_described(name):
    """The page of options is made of what they say of themselves; a choice may speak for itself."""
    options = [parameter for parameter in LEAVES[name].params if isinstance(parameter, click.Option)]
    assert LEAVES[name].help
    assert not [option.opts for option in options if not option.help and not isinstance(option.type, click.Choice)]


@pytest.mark.parametrize("name", LEAVES)
def test_commands_have_a_section_that_names_known_options(name):
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    start = text.index(f"## `{name}`")
    section = text[start : text.index("\n## ", start + 1)]
    told = set(re.findall(r"(?<![\w-])(--[a-z][\w-]*)", section))
    known = set().union(*(options_of(command) for command in [main, *LEAVES.values()]))
    assert told - known == set()
