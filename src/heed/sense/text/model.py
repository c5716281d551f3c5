"""The trained readers: four linear models over one sparse vector, in one file of small integers.

The file holds `weights` (int8, one row for each place of the vector, one column for each class), `scales` and
`biases` (one for each class) and `temperatures` (one for each head), all by position: sentiments, emotions,
intents, writers. It is written by tools/train_text.py and read without pickle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from heed.sense.text.features import GRAIN, SIZE, Vectors, vectors
from heed.sense.text.reading import EMOTIONS, INTENTS, SENTIMENTS, WRITERS, Reading

PATH = Path(__file__).with_name("model.npz")
HEADS = (SENTIMENTS, EMOTIONS, INTENTS, WRITERS)
CLASSES = sum(len(head) for head in HEADS)
AT_ONCE = 256
"""So many units are read together; it bounds the memory a call takes."""

_ENDS = np.cumsum([len(head) for head in HEADS]).tolist()
_SPANS = tuple(zip([0, *_ENDS[:-1]], _ENDS, strict=True))


class Model(NamedTuple):
    """See the module."""

    weights: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]
    temperatures: npt.NDArray[np.float32]


@cache
def load(path: Path = PATH) -> Model:
    """The model of a file. Raises `ValueError` where the file does not fit this code."""
    with np.load(path, allow_pickle=False) as stored:
        model = Model(*(stored[name] for name in Model._fields))
    if model.weights.shape != (SIZE, CLASSES) or len(model.temperatures) != len(HEADS):
        raise ValueError(f"{path.name} was trained for other features; run tools/train_text.py")
    return model


def sums(weights: npt.NDArray[np.int8], found: Vectors) -> npt.NDArray[np.float64]:
    """The weighted sums of every class for every text. The adding is done in whole numbers, so it is exact."""
    named = weights.take(found.named, axis=0) * found.values[:, None]
    total = np.add.reduceat(named, found.named_starts, axis=0) / GRAIN
    words = np.add.reduceat(weights.take(found.words, axis=0), found.word_starts, axis=0, dtype=np.int64)
    grams = np.add.reduceat(weights.take(found.grams, axis=0), found.gram_starts, axis=0, dtype=np.int64)
    return total + words * found.word_factors[:, None] + grams * found.gram_factors[:, None]


def read_many(texts: Sequence[str], path: Path = PATH) -> list[Reading]:
    """The probabilities of units of text, each as if it stood alone."""
    model = load(path)
    readings: list[Reading] = []
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        scores = sums(model.weights, vectors(part)) * model.scales + model.biases
        for text, row in zip(part, scores.tolist(), strict=True):
            sentiment, emotion, intent, writer = (
                _probabilities(row[first:last], temperature)
                for (first, last), temperature in zip(_SPANS, model.temperatures.tolist(), strict=True)
            )
            readings.append(Reading(sentiment, emotion, intent, writer[1], max(1, text.count(" ") + 1)))
    return readings


def _probabilities(scores: list[float], temperature: float) -> list[float]:
    # One at a time: what numpy computes for many numbers may depend on where among them one stands.
    highest = max(scores)
    powers = [math.exp((score - highest) / temperature) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]
