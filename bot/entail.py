"""A model's opinion, after the rules: whether the quotes entail a statement. Only where a setting names a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ingest.documents import LibraryError

Entails = Callable[[str, Sequence[str]], bool]
"""Whether a statement follows from its quotes."""


def entailment(name: str) -> Entails | None:
    """The judge that LEGATION_ENTAILMENT names: a CrossEncoder with an `entailment` label, or with one score; None for none."""
    if not name:
        return None
    import numpy
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(name, device="cpu")
    except Exception as error:
        why = " ".join(str(error).split())[:200]
        raise LibraryError(
            f"LEGATION_ENTAILMENT={name}: cannot be loaded ({why}). Give the name or folder of a CrossEncoder."
        ) from None
    labels = {str(label).lower(): int(index) for index, label in model.model.config.id2label.items()}
    wanted = labels.get("entailment")
    if wanted is None and model.model.config.num_labels != 1:
        raise LibraryError(
            f"LEGATION_ENTAILMENT={name}: it has the labels {', '.join(labels)}, none of them 'entailment'."
        )

    def entails(text: str, quotes: Sequence[str]) -> bool:
        scores: Any = numpy.asarray(model.predict([("\n".join(quotes), text)], show_progress_bar=False))
        return bool(scores[0] >= 0.5 if wanted is None else scores[0].argmax() == wanted)

    return entails
