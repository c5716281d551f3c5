"""Train the text models that ship with Heed and print their held-out measures as a table.

    python tools/train_text.py DATA_FOLDER [--out src/heed/sense/text/model.npz]

Needs scikit-learn (a development dependency) and about 2 GB of memory; two minutes on one core. What is held
out is decided in tools/text_data.py by hash. Temperatures are set on the compared fifth with models that did not
see it; then the models are trained on all but the held-out fifth, on which the measures are taken.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from text_data import COMPARED, HELD_OUT, Example, everything
from text_report import report

from heed.sense.text import features as text_features
from heed.sense.text import model as text_model
from heed.sense.text.reading import EMOTIONS, INTENTS

HERE = Path(__file__).parent
STRENGTH = {"sentiment": 0.3, "emotion": 0.5, "intent": 0.4, "writer": 0.1}
"""Inverse regularisation (scikit-learn's C)."""

STEPS = {"sentiment": 80, "emotion": 80, "intent": 80, "writer": 60}
"""The most steps of the optimiser; stopping early regularises too."""

TRUST = {"sentiment": 1.0, "emotion": 1.0, "intent": 0.5, "writer": 1.0}
"""The power to which the evidence of hashed places is raised."""

COUNTS = {
    "sentiment": {"goemotions": 2.0},
    "emotion": {},
    "writer": {},
    "intent": {"seed": 5.0, "intents": 3.0, "goemotions": 0.4, "tweets": 0.3, "multilingual": 0.115},
}
"""How much more or less a source counts for a head: comments among strangers say little about what customers
want from a company, however many there are."""

BALANCE = 0.5
"""How far the three sentiments of a source are made to weigh the same: 0 not at all, 1 fully. What is neutral for
raters of one source is no guide to how common it is among customers."""

SMOOTHING, FLOOR = 1.0, 0.3
"""Of the evidence of a hashed place: what is added to its counts, and the least it counts."""


def matrix(texts: list[str], at_once: int = 2_000) -> sp.csr_matrix:
    """One row for each text, such that its product with the weights is what the model adds up."""
    rows = []
    for start in range(0, len(texts), at_once):
        found = text_features.vectors([text[:4_000] for text in texts[start : start + at_once]])
        blocks = (
            (found.named, found.named_starts, found.values / text_features.GRAIN, None),
            (found.words, found.word_starts, None, found.word_factors),
            (found.grams, found.gram_starts, None, found.gram_factors),
        )
        total = None
        for places, starts, values, factors in blocks:
            ends = np.append(starts, len(places))
            data = values if values is not None else np.repeat(factors, np.diff(ends))
            shape = (len(starts), text_features.SIZE)
            block = sp.csr_matrix((data.astype(np.float32), places, ends), shape=shape)
            block.sum_duplicates()
            total = block if total is None else total + block
        rows.append(total)
    return sp.vstack(rows).tocsr()


def labels_of(examples: list[Example], head: str) -> np.ndarray:
    """Class numbers of one head, −1 where an example has no label for it."""
    if head == "sentiment":
        return np.array([-1 if one.sentiment is None else one.sentiment for one in examples])
    if head == "writer":
        return np.array([int(one.source in ("seed", "intents")) for one in examples])
    names = EMOTIONS if head == "emotion" else INTENTS
    found = [one.emotion if head == "emotion" else one.intent for one in examples]
    return np.array([-1 if name is None else names.index(name) for name in found])


def balanced(labels: np.ndarray, weights: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Weights with `BALANCE`; bank customers are left out, who have no positive texts."""
    weights = weights.copy()
    for source in set(sources) - {"intents"}:
        rows = [np.flatnonzero((sources == source) & (labels == label)) for label in range(3)]
        totals = np.array([weights[each].sum() for each in rows])
        for each, total in zip(rows, totals, strict=True):
            weights[each] *= (totals.mean() / max(total, 1e-9)) ** BALANCE
    return weights


def even(examples: list[Example], parts: np.ndarray) -> np.ndarray:
    """Weights with which customers count as much as anybody, in English (twice) and in the other languages.

    Bank customers, all of one trade, count three tenths of that.
    """
    written = labels_of(examples, "writer")
    english = np.array([one.language == "en" for one in examples])
    weights = np.ones(len(examples))
    for writer in (0, 1):
        for is_english, total in ((True, 20_000), (False, 10_000)):
            rows = (written == writer) & (english == is_english)
            weights[rows] = total / max(1, (rows & (parts > COMPARED)).sum())
    return weights * np.array([0.3 if one.source == "intents" else 1.0 for one in examples])


def fit(
    texts: sp.csr_matrix, labels: np.ndarray, weights: np.ndarray, head: str
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients `(places, classes)` and biases; rare classes count more, by the square root."""
    known = labels >= 0
    if head in ("emotion", "intent"):
        counts = np.bincount(labels[known], weights=weights[known])
        share = np.sqrt(counts.mean() / np.maximum(counts, 1))
        weights = weights * np.where(known, share[np.maximum(labels, 0)], 1.0)
    evidence = evidence_of(texts[known], labels[known], weights[known]) ** TRUST[head]
    learner = LogisticRegression(C=STRENGTH[head], max_iter=STEPS[head], tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        weighed = (texts[known] @ sp.diags(evidence)).tocsr()
        learner.fit(weighed, labels[known], sample_weight=weights[known])
    found, bias = learner.coef_ * evidence, learner.intercept_
    if len(found) == 1:
        found, bias = np.concatenate([-found, found]) / 2, np.concatenate([-bias, bias]) / 2
    return found.T.astype(np.float32), bias.astype(np.float32)


def evidence_of(texts: sp.csr_matrix, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How much each place tells the classes apart, as in NB-SVM (Wang & Manning 2012): the largest log ratio of
    its share in a class to its share in the others. Named places count 1."""
    present = texts.copy()
    present.data = np.ones_like(present.data)
    classes = int(labels.max()) + 1
    counts = np.asarray(present.T @ (np.eye(classes)[labels] * (weights / weights.mean())[:, None]))
    inside = (counts + SMOOTHING) / (counts.sum(axis=0) + SMOOTHING)
    others = counts.sum(axis=1, keepdims=True) - counts + (classes - 1) * SMOOTHING
    outside = others / (counts.sum() - counts.sum(axis=0) + (classes - 1) * SMOOTHING)
    evidence = np.abs(np.log(inside / outside)).max(axis=1) + FLOOR
    evidence[: text_features.NAMED] = 1.0
    return evidence.astype(np.float32)


def temperature_for(scores: np.ndarray, labels: np.ndarray, sources: np.ndarray) -> float:
    """The temperature with the least log loss, each source counting the same."""

    def loss(temperature: float) -> float:
        part = scores / temperature
        part = part - part.max(axis=1, keepdims=True)
        each = np.log(np.exp(part).sum(axis=1)) - part[np.arange(len(labels)), labels]
        return float(np.mean([each[sources == one].mean() for one in set(sources)]))

    return float(minimize_scalar(loss, bounds=(0.3, 3.0), method="bounded").x)


def quantise(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integers −127…127 and a scale for each class; the few largest weights are cut off."""
    scales = np.quantile(np.abs(weights), 0.99995, axis=0).astype(np.float32) / 127
    return np.clip(np.round(weights / scales), -127, 127).astype(np.int8), scales


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--out", type=Path, default=text_model.PATH)
    chosen = arguments.parse_args()
    examples = everything(chosen.data, HERE)
    texts = matrix([one.text for one in examples])
    parts = np.array([one.part for one in examples])
    sources = np.array([one.source for one in examples])
    weights = np.array([one.weight for one in examples])
    coefficients, biases, temperatures = [], [], []
    for head in ("sentiment", "emotion", "intent", "writer"):
        print(f"Fitting {head}", file=sys.stderr, flush=True)
        labels = labels_of(examples, head)
        counted = weights * np.array([COUNTS[head].get(source, 1.0) for source in sources])
        if head == "writer":
            counted = even(examples, parts)
        if head == "sentiment":
            counted = balanced(np.where(parts == HELD_OUT, -1, labels), counted, sources)
        early, compared = parts > COMPARED, (parts == COMPARED) & (labels >= 0)
        learnt, bias = fit(texts[early], labels[early], counted[early], head)
        scores = texts[compared] @ learnt + bias
        temperatures.append(
            1.0 if head == "writer" else temperature_for(scores, labels[compared], sources[compared])
        )
        seen = parts != HELD_OUT
        learnt, bias = fit(texts[seen], labels[seen], counted[seen], head)
        small, scales = quantise(learnt)
        coefficients.append((small, scales))
        biases.append(bias)
    np.savez_compressed(
        chosen.out,
        weights=np.concatenate([small for small, _ in coefficients], axis=1),
        scales=np.concatenate([scales for _, scales in coefficients]).astype(np.float32),
        biases=np.concatenate(biases).astype(np.float32),
        temperatures=np.array(temperatures, dtype=np.float32),
    )
    print(f"Wrote {chosen.out} ({chosen.out.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)
    report([one for one in examples if one.part == HELD_OUT], chosen.out)


if __name__ == "__main__":
    main()
