"""Data sets by name: what there is, what this machine has, and how to load or build it."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import inspect
import json
import logging
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from xcgraph.data import BuildReport, DataError, LFDataset, folder_format

from .apt import apt_files_here
from .dataset_info import DatasetInfo
from .debian import build_debian
from .planted import build_planted
from .wordnet import build_wordnet, wordnet_folder

logger = logging.getLogger(__name__)

_DEBIAN = "package index of Debian or Ubuntu; each package's own metadata, to be built where it is used"
_APT = "needs apt-get (Debian, Ubuntu), or a Packages file of any mirror as 'packages'"
_AMAZON, _WIKI_500K, _SEE_ALSO = (0.6, 2.6), (0.5, 0.4), (0.55, 1.5)

_ALL = (
    # Counts on Debian 12.15, main and contrib.
    DatasetInfo(
        "debian", "built", "which packages go with this one (all relations)", _DEBIAN, _APT,
        25_171, 7_759, 22_439, None, 3.74, 4.30,
    ),
    DatasetInfo(
        "debian-rse", "built", "which packages go with this one (Recommends, Suggests, Enhances)", _DEBIAN, _APT,
        9_752, 2_579, 10_554, None, 3.15, 3.04,
    ),
    DatasetInfo(
        "wordnet", "built", "which concepts are related to this one",
        "WordNet 3.0, Princeton University; free use with their notice",
        "'apt-get install wordnet-base', or name the folder of the WordNet 3.0 files by $WNSEARCHDIR",
        86_465, 25_678, 54_391, None, 1.82, 3.09,
    ),
    DatasetInfo(
        "planted", "built", "synthetic, 10 to 10,000,000 labels: for tests and scale, not for accuracy claims",
        "made by a seeded generator", "always available",
        2_249, 1_028, 1_000, None, 2.29, 5.15,
    ),
    DatasetInfo.xmlrepo(
        "LF-AmazonTitles-131K", "related products, titles",
        (294_805, 131_073, 40_000, 134_835), 2.29, 5.15, _AMAZON,
    ),
    DatasetInfo.xmlrepo(
        "LF-WikiSeeAlsoTitles-320K", "related pages, titles",
        (693_082, 312_330, 40_000, 177_515), 2.11, 4.68, _SEE_ALSO,
    ),
    DatasetInfo.xmlrepo(
        "LF-WikiTitles-500K", "categories of pages, titles",
        (1_813_391, 501_070, 80_000, 783_743), 4.74, 17.15, _WIKI_500K,
    ),
    DatasetInfo.xmlrepo(
        "LF-AmazonTitles-1.3M", "products bought together, titles",
        (2_248_619, 1_305_265, 128_000, 970_237), 22.20, 38.24, _AMAZON,
    ),
    DatasetInfo.xmlrepo(
        "LF-Amazon-131K", "related products, full text", (294_805, 131_073, 80_000, 134_835), 2.29, 5.15, _AMAZON
    ),
    DatasetInfo.xmlrepo(
        "LF-WikiSeeAlso-320K", "related pages, full text",
        (693_082, 312_330, 200_000, 177_515), 2.11, 4.67, _SEE_ALSO,
    ),
    DatasetInfo.xmlrepo(
        "LF-Wikipedia-500K", "categories of pages, full text",
        (1_813_391, 501_070, 500_000, 783_743), 4.74, 17.15, _WIKI_500K,
    ),
)  # fmt: skip

DATASETS: dict[str, DatasetInfo] = {info.name: info for info in _ALL}
"""All named data sets; sizes as published (DECAF, Mittal et al., WSDM 2021, table 7) or as built."""

_BUILDERS: dict[str, Callable[..., BuildReport]] = {
    "debian": partial(build_debian, kind="debian"),
    "debian-rse": partial(build_debian, kind="debian-rse"),
    "wordnet": build_wordnet,
    "planted": build_planted,
}
_NO_OPTIONS = ("out", "kind", "overwrite")


def find_dataset(name: str) -> DatasetInfo:
    """The entry of a name, upper or lower case.

    Raises:
        ValueError: if there is none; the message names the nearest.
    """
    by_lower = {known.lower(): info for known, info in DATASETS.items()}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    hint = f"did you mean {by_lower[close[0]].name!r}?" if close else f"known: {', '.join(DATASETS)}"
    raise ValueError(f"expected a data folder or the name of a data set, got {name!r}; {hint}")


def data_root(root: str | os.PathLike[str] | None = None) -> Path:
    """Where data sets are kept: ``root``, else ``$XCGRAPH_DATA``, else ``~/.cache/xcgraph/data``."""
    if root is not None:
        return Path(root)
    if os.environ.get("XCGRAPH_DATA"):
        return Path(os.environ["XCGRAPH_DATA"])
    return Path.home() / ".cache" / "xcgraph" / "data"


def available(name: str, root: str | os.PathLike[str] | None = None) -> tuple[bool, str]:
    """Whether a data set can be loaded here, and why (not), in a few words.

    Raises:
        ValueError: if there is no data set of that name.
    """
    info = find_dataset(name)
    folder = data_root(root) / info.name
    if info.kind == "supplied":
        try:
            return True, f"{folder_format(folder)} files in {folder}"
        except DataError:
            return False, f"expected in {folder}; {info.how_to_get}"
    if _is_built(folder):
        return True, f"built in {folder}"
    if info.name == "planted":
        return True, "can be built here"
    if info.name == "wordnet":
        try:
            return True, f"can be built from {wordnet_folder()}"
        except DataError:
            return False, info.how_to_get
    if shutil.which("apt-get") is None:
        return False, info.how_to_get
    if apt_files_here():
        return True, "can be built from apt's package index"
    return True, "can be built; apt keeps no package index here, so it is fetched first (9 MB)"


def build_dataset(name: str, out: str | os.PathLike[str], **options: Any) -> BuildReport:
    """Builds a data set as a raw data folder, which appears whole or not at all.

    Args:
        name: ``debian``, ``debian-rse``, ``wordnet`` or ``planted``.
        out: the folder.
        options: of :func:`build_debian`, :func:`build_wordnet` or :func:`build_planted`.

    Returns:
        The counts of what was written and left out.

    Raises:
        ValueError: if the name or an option is unknown.
        DataError: if the set cannot be built here; the message says what to do.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    info = find_dataset(name)
    if info.name not in _BUILDERS:
        raise DataError(f"{info.name} cannot be built, only read: {info.how_to_get}")
    known = [*build_options(info.name), "overwrite"]
    for option in options:
        if option not in known:
            raise ValueError(f"{info.name} has no option {option!r}; it has {', '.join(known)}")
    return _BUILDERS[info.name](out, **options)


def build_options(name: str) -> list[str]:
    """Names of the options that :func:`build_dataset` takes for a data set; none for sets that are only read."""
    builder = _BUILDERS.get(find_dataset(name).name)
    return (
        [] if builder is None else [key for key in inspect.signature(builder).parameters if key not in _NO_OPTIONS]
    )


def load_dataset(
    name_or_folder: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    text: Literal["all", "title"] = "all",
    rebuild: bool = False,
    **options: Any,
) -> LFDataset:
    """Loads a data set by name, building it first where that is possible, or a data folder.

    Built sets are kept below ``root`` and used again; those with other than default options in folders of their
    own. ``./debian`` is a folder, ``debian`` a name.

    Args:
        name_or_folder: a name of :data:`DATASETS` (upper or lower case), or a folder.
        root: see :func:`data_root`.
        text: ``"title"``, or ``"all"`` for title and content.
        rebuild: build anew although the set was built before.
        options: of :func:`build_dataset`; all others are for :meth:`~xcgraph.data.LFDataset.load`.

    Raises:
        ValueError: if there is neither such a name nor such a folder.
        DataError: if the set is not available here, or its files are damaged; the message says what to do.
    """
    given = os.fspath(name_or_folder)
    try:
        info = find_dataset(given)
    except ValueError:
        folder = Path(given)
        if not folder.is_dir():
            if os.sep in given:
                raise DataError("expected a data folder, got nothing there; check the path", folder) from None
            raise
        with contextlib.suppress(ValueError):
            # The folder of a published set keeps its propensities wherever it lies.
            options = {"propensity": find_dataset(folder.resolve().name).propensity, **options}
        return LFDataset.load(folder, text=text, **options)
    chosen = {key: options.pop(key) for key in build_options(info.name) if key in options}
    folder = data_root(root) / _folder_name(info.name, chosen)
    if info.kind == "supplied":
        try:
            folder_format(folder)
        except DataError as error:
            raise DataError(f"expected {info.name} here, got no such data; {info.how_to_get}", folder) from error
    elif rebuild or not _is_built(folder):
        logger.info("building %s in %s", info.name, folder)
        build_dataset(info.name, folder, overwrite=True, **chosen)
    return LFDataset.load(folder, text=text, **{"name": info.name, "propensity": info.propensity, **options})


def _folder_name(name: str, options: dict[str, Any]) -> str:
    if not options:
        return name
    written = json.dumps(options, sort_keys=True, default=str)
    return f"{name}-{hashlib.sha256(written.encode()).hexdigest()[:12]}"


def _is_built(folder: Path) -> bool:
    return all((folder / f"{part}.json.gz").is_file() for part in ("trn", "tst", "lbl"))
