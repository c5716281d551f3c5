"""Which language a text is likeliest in, by its byte n-grams: naive Bayes with the counts of py3langid's model.

The file, written by tools/text_languages.py, is a hash table of n-grams and a sparse matrix. `keys` (uint64) has each
n-gram of 2 to 6 bytes, read as one big-endian number, in one of the two slots `slots` names, 0 where a slot is empty.
`starts[slot]` to `starts[slot + 1]` are its entries: `columns` (uint8) of `languages`, and how far the logarithm of its
share there lies above `floors[column]`, in `weights` (uint8) times `scale`. `prior` is added to every sum.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

PATH = Path(__file__).with_name("languages.npz")
BITS = 18
LONGEST = 6

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(64 - BITS), np.uint64(64 - 2 * BITS)
_MASK = np.uint64((1 << BITS) - 1)
Array = npt.NDArray[Any]


class Model(NamedTuple):
    """See the module."""

    languages: Array
    keys: Array
    starts: Array
    columns: Array
    weights: Array
    scale: Array
    floors: Array
    prior: Array


@cache
def load(path: Path = PATH) -> Model:
    with np.load(path, allow_pickle=False) as stored:
        return Model(*(stored[name] for name in Model._fields))


def slots(keys: Array) -> tuple[Array, Array]:
    """The two places of the table where each n-gram may stand."""
    mixed = keys * _MIX
    return (mixed >> _FIRST).astype(np.intp), ((mixed >> _SECOND) & _MASK).astype(np.intp)


def scores(text: str, model: Model) -> Array:
    """Log probabilities, but for a constant, by column of `languages`; all 0 where nothing is recognised."""
    written = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
    rows = _longest(np.frombuffer(written.encode("utf-8", "surrogatepass"), np.uint8), model)
    if not len(rows):
        return np.zeros(len(model.prior))
    rows, counts = np.unique(rows, return_counts=True)
    weighed = np.log1p(counts)
    starts = model.starts[rows].astype(np.intp)
    lengths = model.starts[rows + 1] - starts
    ends = lengths.cumsum()
    places = np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)
    above = np.bincount(
        model.columns[places], np.repeat(weighed, lengths) * model.weights[places], len(model.prior)
    )
    sums: Array = above * model.scale + weighed.sum() * model.floors + model.prior
    return sums


def _longest(written: Array, model: Model) -> Array:
    """The slot of the longest n-gram that ends at each byte, for those where one does."""
    count = len(written)
    padded = np.zeros(count + LONGEST - 1, np.uint64)
    padded[LONGEST - 1 :] = written
    grams = np.empty((LONGEST - 1, count), np.uint64)
    gram = padded[LONGEST - 1 :]
    for back in range(1, LONGEST):
        gram = gram | padded[LONGEST - 1 - back : -back] << np.uint64(8 * back)
        grams[LONGEST - 1 - back] = gram
    first, second = slots(grams)
    found = np.where(model.keys.take(first) == grams, first, second)
    known = model.keys.take(found) == grams
    at = known.argmax(axis=0), np.arange(count)
    longest: Array = found[at][known[at]]
    return longest
