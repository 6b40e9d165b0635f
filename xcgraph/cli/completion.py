"""What a shell offers when Tab is pressed; nothing here imports torch, for a shell waits for the answer."""

from __future__ import annotations

import typing
from collections.abc import Iterable

import click
from click.shell_completion import BashComplete, CompletionItem, ZshComplete


def complete_folder(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, by the shell itself."""
    return [CompletionItem(incomplete, type="dir")]


def complete_file(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, by the shell itself."""
    return [CompletionItem(incomplete, type="file")]


def complete_data(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """DATA: names of data sets, and folders where no name fits."""
    from xcgraph.datasets import DATASETS

    # In this order: in bash, folders reset what was offered before.
    return [*complete_folder(ctx, parameter, incomplete), *_matching(DATASETS, incomplete)]


def complete_built(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of data sets that can be built."""
    from xcgraph.datasets import DATASETS

    return _matching((name for name, info in DATASETS.items() if info.kind == "built"), incomplete)


def complete_setting(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """KEY=VALUE: keys of settings; after the sign the values, where there are few."""
    from xcgraph.training.settings import PRESETS, Settings

    kinds = typing.get_type_hints(Settings)
    key, sign, _ = incomplete.partition("=")
    if not sign:
        return _matching((f"{name}=" for name in ("preset", *kinds)), incomplete)
    values: Iterable[str] = typing.get_args(kinds.get(key))  # of a Literal
    if key == "preset":
        values = PRESETS
    elif kinds.get(key) is bool:
        values = ("true", "false")
    return _matching((f"{key}={value}" for value in values), incomplete)


def complete_peers(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """NAME,...: peers that are not yet among those before the last comma."""
    from xcgraph.peers import PEERS

    return _listed(PEERS, incomplete)


def complete_models(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """NAME,...: models."""
    from xcgraph.training.settings import PAPER

    return _listed(PAPER, incomplete)


def _listed(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    before, comma, _ = incomplete.rpartition(",")
    given = before.split(",")
    others = [name for name in names if name not in given]
    return _matching(
        (f"{before}{comma}{name}" for name in ([*others] if comma else [*others, "none"])), incomplete
    )


def _matching(values: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(value) for value in values if value.startswith(incomplete)]


class BashWords(BashComplete):
    """Completion for bash, which takes ``key=value`` for three words and replaces the last of them alone."""

    # A space after "key=" would have to be deleted.
    source_template = (
        BashComplete.source_template
        + """
%(complete_func)s_of_settings() {
    %(complete_func)s "$@"
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
    return 0
}

complete -o nosort -F %(complete_func)s_of_settings %(prog_name)s
"""
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Puts the words together again; without an effect where COMP_WORDBREAKS has no "="."""
        args, incomplete = super().get_completion_args()
        words: list[str] = []
        joins = self._joined = False
        for word in [*args, incomplete] if incomplete else args:
            self._joined = bool(words) and (joins or word == "=")
            if self._joined:
                words[-1] += word
            else:
                words.append(word)
            joins = word == "="
        return (words[:-1], words[-1]) if incomplete else (words, "")

    def format_completion(self, item: CompletionItem) -> str:
        """Of a word in three parts, the last."""
        value = item.value[item.value[:-1].rfind("=") + 1 :] if self._joined else item.value
        return f"{item.type},{value}"


class ZshWords(ZshComplete):
    """Completion for zsh, without a space after ``key=``, behind which the value is asked for."""

    source_template = ZshComplete.source_template.replace(
        "compadd -U -V unsorted -a completions",
        """local -a suffix
        [[ "${completions[1]}" == *= ]] && suffix=(-S '')
        compadd -U -V unsorted "${suffix[@]}" -a completions""",
    )
