"""Train the text models that ship with Heed and print their held-out measures as a table.

    python tools/train_text.py DATA_FOLDER [--out src/heed/sense/text/model.npz]

Needs scikit-learn (a development dependency) and about 2 GB of memory; ten minutes on one core. What is
held out (a fifth of every set by hash, GoEmotions' own dev part) is decided in tools/text_data.py and never
trained on.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.sparse as sp
from rich.progress import track
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from text_data import Example, everything

from heed.sense.text import features as text_features
from heed.sense.text import model as text_model
from heed.sense.text.reading import EMOTIONS, INTENTS, SENTIMENTS

HERE = Path(__file__).parent
STRENGTH = {"sentiment": 1.0, "emotion": 3.0, "intent": 6.0}
"""Inverse regularisation (scikit-learn's C)."""

STEPS = {"sentiment": 80, "emotion": 160, "intent": 160}
"""The most steps of the optimiser; stopping early regularises too."""

COUNTS = {
    "sentiment": {},
    "emotion": {},
    "intent": {"seed": 5.0, "intents": 3.0, "goemotions": 0.4},
}
"""How much more or less a source counts for a head: comments among strangers say little about what customers
want from a company, however many there are."""

CUSTOMER_PRIOR = np.array([0.25, -0.05, 0.0])
"""Added to the log odds of negative, neutral, positive. The training sets are balanced or friendlier than
what customers write to a company, where most texts report a problem."""


def matrix(examples: list[Example]) -> sp.csr_matrix:
    """One row for each text."""
    places, values, ends = [], [], [0]
    for example in track(examples, "Reading texts"):
        place, value = text_features.features(example.text[:4_000])
        places.append(place)
        values.append(value)
        ends.append(ends[-1] + len(place))
    shape = (len(examples), text_features.SIZE)
    return sp.csr_matrix((np.concatenate(values), np.concatenate(places), np.array(ends)), shape=shape)


def labels_of(examples: list[Example], head: str) -> np.ndarray:
    """Class numbers of one head, −1 where an example has no label for it."""
    if head == "sentiment":
        return np.array([-1 if one.sentiment is None else one.sentiment for one in examples])
    names = EMOTIONS if head == "emotion" else INTENTS
    found = [one.emotion if head == "emotion" else one.intent for one in examples]
    return np.array([-1 if name is None else names.index(name) for name in found])


def fit(
    texts: sp.csr_matrix, labels: np.ndarray, weights: np.ndarray, head: str
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients `(places, classes)` and biases; rare classes count more, by the square root."""
    known = labels >= 0
    if head != "sentiment":
        counts = np.bincount(labels[known], weights=weights[known])
        share = np.sqrt(counts.mean() / np.maximum(counts, 1))
        weights = weights * np.where(known, share[np.maximum(labels, 0)], 1.0)
    learner = LogisticRegression(C=STRENGTH[head], max_iter=STEPS[head], tol=1e-3)
    learner.fit(texts[known], labels[known], sample_weight=weights[known])
    return learner.coef_.T.astype(np.float32), learner.intercept_.astype(np.float32)


def temperature_for(scores: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with the least log loss on what was held out."""

    def loss(temperature: float) -> float:
        part = scores / temperature
        part = part - part.max(axis=1, keepdims=True)
        logs = part - np.log(np.exp(part).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(len(labels)), labels].mean())

    return float(minimize_scalar(loss, bounds=(0.3, 4.0), method="bounded").x)


def quantise(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 with one scale for each class; the few largest weights are clipped."""
    scales = np.quantile(np.abs(weights), 0.99995, axis=0).astype(np.float32) / 127
    return np.clip(np.round(weights / scales), -127, 127).astype(np.int8), scales


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the predicted class."""
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    places = np.minimum((top * bins).astype(int), bins - 1)
    gaps = [
        abs(top[places == b].mean() - right[places == b].mean()) * (places == b).mean() for b in set(places)
    ]
    return float(sum(gaps))


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def report(examples: list[Example], held: np.ndarray, scores: dict[str, np.ndarray]) -> None:
    """Held-out macro-F1 beside VADER's, by set and language."""
    vader = text_features.vader()
    compound = np.array(
        [vader.polarity_scores(one.text)["compound"] if held[i] else 0 for i, one in enumerate(examples)]
    )
    guess = np.where(compound >= 0.05, 2, np.where(compound <= -0.05, 0, 1))
    truth = labels_of(examples, "sentiment")
    kinds = np.array([f"{one.source} {one.language}" for one in examples])
    print(
        "\n| held-out set | n | Heed macro-F1 | VADER macro-F1 | calibration error |\n|---|---|---|---|---|"
    )
    for kind in sorted(set(kinds)):
        rows = held & (kinds == kind) & (truth >= 0)
        if len(set(truth[rows])) < 3:
            continue
        ours = f1_score(truth[rows], scores["sentiment"][rows].argmax(axis=1), average="macro")
        theirs = f1_score(truth[rows], guess[rows], average="macro")
        error = calibration_error(softmax(scores["sentiment"][rows]), truth[rows])
        print(f"| {kind} | {rows.sum()} | {ours:.3f} | {theirs:.3f} | {error:.3f} |")
    for head, names in (("emotion", EMOTIONS), ("intent", INTENTS)):
        truth = labels_of(examples, head)
        print(
            f"\n| {head} on held-out | n | macro-F1 | accuracy | calibration error |\n|---|---|---|---|---|"
        )
        for source in sorted({one.source for one in examples}):
            rows = held & np.array([one.source == source for one in examples]) & (truth >= 0)
            if rows.sum() < 50:
                continue
            said = scores[head][rows].argmax(axis=1)
            present = sorted(set(truth[rows]))
            macro = f1_score(truth[rows], said, average="macro", labels=present)
            error = calibration_error(softmax(scores[head][rows]), truth[rows])
            accuracy = np.mean(said == truth[rows])
            print(f"| {source} | {rows.sum()} | {macro:.3f} | {accuracy:.3f} | {error:.3f} |")
            each = f1_score(truth[rows], said, average=None, labels=range(len(names)), zero_division=0)
            spelt = ", ".join(f"{name} {value:.2f}" for name, value in zip(names, each, strict=True))
            print(f"<!-- {spelt} -->")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--seeds", type=Path, default=HERE / "text_seed.tsv")
    arguments.add_argument("--out", type=Path, default=text_model.PATH)
    chosen = arguments.parse_args()
    examples = everything(chosen.data, chosen.seeds)
    texts = matrix(examples)
    held = np.array([one.held_out for one in examples])
    weights = np.array([one.weight for one in examples])
    coefficients, biases, temperatures = [], [], []
    scores: dict[str, np.ndarray] = {}
    for head, names in (("sentiment", SENTIMENTS), ("emotion", EMOTIONS), ("intent", INTENTS)):
        print(f"Fitting {head}", file=sys.stderr, flush=True)
        labels = labels_of(examples, head)
        counted = weights * np.array([COUNTS[head].get(one.source, 1.0) for one in examples])
        learnt, bias = fit(texts[~held], labels[~held], counted[~held], head)
        if head == "sentiment":
            bias = bias + CUSTOMER_PRIOR.astype(np.float32)
        small, scales = quantise(learnt)
        found = texts @ (small * scales) + bias
        known = held & (labels >= 0)
        temperature = temperature_for(found[known], labels[known])
        scores[head] = found / temperature
        coefficients.append((small, scales))
        biases.append(bias)
        temperatures.append(temperature)
        assert len(bias) == len(names)  # noqa: S101
    np.savez_compressed(
        chosen.out,
        weights=np.concatenate([small for small, _ in coefficients], axis=1),
        scales=np.concatenate([scales for _, scales in coefficients]).astype(np.float32),
        biases=np.concatenate(biases).astype(np.float32),
        temperatures=np.array(temperatures, dtype=np.float32),
    )
    print(f"Wrote {chosen.out} ({chosen.out.stat().st_size / 1e6:.1f} MB)", file=sys.stderr)
    report(examples, held, scores)


if __name__ == "__main__":
    main()
