"""The trained readers: three linear models over one sparse vector, in one file of small integers.

The file holds `weights` (int8, one row for each place of the vector, one column for each class), `scales` and
`biases` (one for each class) and `temperatures` (one for each head), all by position: sentiments, emotions,
intents. It is written by tools/train_text.py and read without pickle.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from heed.sense.text.features import SIZE, features
from heed.sense.text.reading import EMOTIONS, INTENTS, SENTIMENTS, Reading

PATH = Path(__file__).with_name("model.npz")
HEADS = (SENTIMENTS, EMOTIONS, INTENTS)
CLASSES = sum(len(head) for head in HEADS)


class Model(NamedTuple):
    """See the module."""

    weights: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]
    temperatures: npt.NDArray[np.float32]


@cache
def load() -> Model:
    """The model that ships with Heed. Raises `ValueError` where the file does not fit this code."""
    with np.load(PATH, allow_pickle=False) as stored:
        model = Model(*(stored[name] for name in Model._fields))
    if model.weights.shape != (SIZE, CLASSES) or len(model.temperatures) != len(HEADS):
        raise ValueError(f"{PATH.name} was trained for other features; run tools/train_text.py")
    return model


def read(text: str) -> Reading:
    """The probabilities of one unit of text."""
    model = load()
    places, values = features(text)
    scores = values @ model.weights[places].astype(np.float32)
    scores = scores * model.scales + model.biases
    parts = []
    start = 0
    for head, temperature in zip(HEADS, model.temperatures, strict=True):
        part = scores[start : start + len(head)] / temperature
        powers = np.exp(part - part.max())
        parts.append((powers / powers.sum()).tolist())
        start += len(head)
    return Reading(parts[0], parts[1], parts[2], max(1, text.count(" ") + 1))
