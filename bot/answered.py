"""Whether a sentence answers a question: read off what the question's words have become beside it in the cross-encoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.retrieve import as_read

if TYPE_CHECKING:
    from bot.quote import Pick
    from ingest.encoders import PairScorer

READ = 5  # of the chosen sentences, the best


def answered(search: str, picks: Sequence[Pick], pairs: PairScorer) -> float:
    """The logit, about -5 to 5, that the best of `picks` answers `search`; 0 where the cross-encoder is not the packaged one.

    A linear reading of a middle layer: a ranker's last layer says what is near, the middle still says whether it is told.
    benchmarks/answered.py fits it on questions with their quoted answers, the sentences beside these, and near misses.
    """
    return max(told(search, sorted(picks, key=lambda pick: -pick.raw)[:READ], pairs), default=0.0)


def told(search: str, picks: Sequence[Pick], pairs: PairScorer) -> list[float]:
    """The logit of each pick, as `answered` has it of the best; read anew where the pick does not know it."""
    if not pairs.tells:
        return [0.0] * len(picks)
    unread = [pick for pick in picks if pick.told is None]
    shown = [as_read(pick.document, pick.passage, pick.text, search) for pick in unread]
    read = iter(tells(pairs.read(search, shown)[1]))
    return [next(read) if pick.told is None else pick.told for pick in picks]


def tells(states: np.ndarray[Any, Any]) -> list[float]:
    """The logit for each state of the packaged cross-encoder, (n, 384); 0 where there are none."""
    if not states.size:
        return [0.0] * len(states)
    bias, weights = _reading()
    return [float(logit) for logit in states @ weights + bias]


@cache
def _reading() -> tuple[float, np.ndarray[Any, Any]]:
    held = json.loads(resources.files("bot").joinpath("answered.json").read_text(encoding="utf-8"))
    return float(held["bias"]), np.asarray(held["weights"], dtype=np.float32)
