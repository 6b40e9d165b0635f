"""What is known about a data set before it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_XMLREPO_FILES = (
    "trn_X_Xf.txt, trn_X_Y.txt, tst_X_Xf.txt, tst_X_Y.txt, lbl_X_Xf.txt (or Yf.txt), filter_labels_train.txt, "
    "filter_labels_test.txt; or trn.json.gz, tst.json.gz, lbl.json.gz and the filter files"
)


@dataclass(frozen=True)
class DatasetInfo:
    """A data set that has a name.

    Args:
        name: as in :data:`DATASETS`.
        kind: ``"built"`` on this machine, or ``"supplied"`` by the user as a folder.
        description: one line.
        source: where the texts come from, and their licence or owner.
        how_to_get: what to do where the set is not available.
        num_train: training documents N; 0 where the user chooses.
        num_test: test documents.
        num_labels: L.
        num_features: V of the published features; None where it depends on the vectoriser.
        labels_per_document: mean.
        documents_per_label: mean, of the training documents.
        propensity: constants (A, B) of the propensity model (Jain et al., KDD 2016, section 3).
    """

    name: str
    kind: Literal["built", "supplied"]
    description: str
    source: str
    how_to_get: str
    num_train: int = 0
    num_test: int = 0
    num_labels: int = 0
    num_features: int | None = None
    labels_per_document: float = 0.0
    documents_per_label: float = 0.0
    propensity: tuple[float, float] = (0.55, 1.5)

    @classmethod
    def xmlrepo(
        cls,
        name: str,
        description: str,
        sizes: tuple[int, int, int, int],
        labels_per_document: float,
        documents_per_label: float,
        propensity: tuple[float, float],
    ) -> DatasetInfo:
        """A set of the Extreme Classification Repository; ``sizes`` are N, L, V and the test documents."""
        return cls(
            name=name,
            kind="supplied",
            description=description,
            source="Extreme Classification Repository, http://manikvarma.org/downloads/XC/XMLRepository.html",
            how_to_get=(
                f"download {name} from the Extreme Classification Repository "
                "(http://manikvarma.org/downloads/XC/XMLRepository.html) and unpack it there; "
                f"expected files: {_XMLREPO_FILES}"
            ),
            num_train=sizes[0],
            num_labels=sizes[1],
            num_features=sizes[2],
            num_test=sizes[3],
            labels_per_document=labels_per_document,
            documents_per_label=documents_per_label,
            propensity=propensity,
        )
