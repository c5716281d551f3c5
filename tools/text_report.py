"""The held-out measures of the text models as tables, VADER's beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score
from text_data import Example
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from heed.sense.text.model import read_many
from heed.sense.text.reading import EMOTIONS, INTENTS, coherent

FEW = 50
"""A set with fewer texts is left out."""


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the predicted class."""
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    places = np.minimum((top * bins).astype(int), bins - 1)
    gaps = [
        abs(top[places == b].mean() - right[places == b].mean()) * (places == b).mean() for b in set(places)
    ]
    return float(sum(gaps))


def by_vader(texts: Sequence[str]) -> np.ndarray:
    """0, 1 or 2 for each text, with VADER's usual thresholds."""
    reader = SentimentIntensityAnalyzer()
    compound = np.array([reader.polarity_scores(text)["compound"] for text in texts])
    return np.where(compound >= 0.05, 2, np.where(compound <= -0.05, 0, 1))


def report(held: list[Example], path: Path) -> None:
    """Macro-F1 of what the model in a file says of whole texts, by set and language."""
    readings = [coherent(one) for one in read_many([one.text[:4_000] for one in held], path)]
    kinds = np.array([f"{one.source} {one.language}" for one in held])
    sources = np.array([one.source for one in held])
    truth = np.array([-1 if one.sentiment is None else one.sentiment for one in held])
    found = np.array([one.sentiment for one in readings])
    print("\n| held-out set | n | Heed macro-F1 | VADER macro-F1 | calibration error |")
    print("|---|---|---|---|---|")
    for kind in sorted(set(kinds)):
        rows = np.flatnonzero((kinds == kind) & (truth >= 0))
        if len(set(truth[rows])) < 3:
            continue
        ours = f1_score(truth[rows], found[rows].argmax(axis=1), average="macro")
        theirs = f1_score(truth[rows], by_vader([held[i].text for i in rows]), average="macro")
        error = calibration_error(found[rows], truth[rows])
        print(f"| {kind} | {len(rows)} | {ours:.3f} | {theirs:.3f} | {error:.3f} |")
    _head("emotion", EMOTIONS, [one.emotion for one in held], [one.emotion for one in readings], sources)
    _head("intent", INTENTS, [one.intent for one in held], [one.intent for one in readings], sources)


def _head(
    title: str,
    names: Sequence[str],
    labels: Sequence[str | None],
    readings: Sequence[Sequence[float]],
    sources: np.ndarray,
) -> None:
    truth = np.array([-1 if label is None else names.index(label) for label in labels])
    found = np.array(readings)
    print(f"\n| {title} on held-out | n | macro-F1 | accuracy | calibration error |\n|---|---|---|---|---|")
    for source in sorted(set(sources)):
        rows = np.flatnonzero((sources == source) & (truth >= 0))
        if len(rows) < FEW or len(set(truth[rows])) < 2:
            continue
        said = found[rows].argmax(axis=1)
        macro = f1_score(truth[rows], said, average="macro", labels=sorted(set(truth[rows])))
        accuracy = np.mean(said == truth[rows])
        error = calibration_error(found[rows], truth[rows])
        print(f"| {source} | {len(rows)} | {macro:.3f} | {accuracy:.3f} | {error:.3f} |")
        each = f1_score(truth[rows], said, average=None, labels=range(len(names)), zero_division=0)
        print(f"<!-- {', '.join(f'{name} {value:.2f}' for name, value in zip(names, each, strict=True))} -->")
