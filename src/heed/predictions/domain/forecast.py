"""Forecasts: what they foretell, how one is learnt and held against time it has not seen, and why it says what it says
of a customer. Pure.

The features of every row are from before its cut-off and its outcome from after it. Rows of earlier cut-offs teach, a
later one calibrates, and the latest, never seen, is what the forecast is held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from heed.predictions.domain.logistic import (
    Area,
    Floats,
    Platt,
    Row,
    Spread,
    auc,
    brier,
    calibration,
    calibration_error,
    clearly_better,
    fit,
    fit_platt,
    spread,
    stability,
)
from heed.predictions.domain.signs import RECENCY, SIGNS, TOPICS, Columns, Known, Sign, read, say

LEAST_TO_LEARN: Final = 50
LEAST_TO_CHECK: Final = 20
"""Customers it happened to, and to whom it did not, without whom nothing is said."""
CLEAR: Final = 1.96
WIDEST: Final = 0.1
"""Mean error of chances, group by group, beyond which they are no chances to go by."""
DRIFTED: Final = 0.25
MOVED: Final = 0.1
_TOLD: Final = 3
_WORTH_TELLING: Final = 0.05
"""Log odds below which a topic is not given as a reason."""


class Kind(msgspec.Struct, frozen=True):
    """A forecast there may be: `key` is that of its score. With `away` it foretells that they buy nothing in `days`,
    of those who bought at least once, else that they buy something, of those seen within a year."""

    key: str
    days: int
    away: bool

    @property
    def name(self) -> str:
        return (
            f"Will not come back within {self.days} days"
            if self.away
            else f"Will buy within {self.days} days"
        )

    @property
    def high(self) -> str:
        what = "buy nothing more" if self.away else "buy"
        return f"0 to 1: the chance that they {what} within {self.days} days"

    def concerns(self, raw: Columns) -> Any:
        """Of whom it says something."""
        return raw["purchases"] > 0 if self.away else raw["unseen_days"] <= 365


@dataclass(frozen=True)
class Slice:
    """Customers as of a cut-off, place by place: what was known, and whether it then `happened` (0 or 1)."""

    raw: Columns
    happened: Floats
    active: Floats | None = None
    """BG/NBD's order of them, where it says anything: higher is more likely to buy."""


class Model(msgspec.Struct, frozen=True):
    """Standardised signs with their coefficients, and what turns their sum into a chance. Unknown signs count as the
    mean. `weights` is how far each topic spreads customers, in log odds, below zero where more makes it less likely."""

    signs: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    platt: Platt
    weights: dict[str, float] = {}
    spreads: dict[str, Spread] = {}

    def parts(self, raw: Columns) -> Floats:
        """What each sign adds to the score of each customer."""
        x = read(tuple(_BY_NAME[name] for name in self.signs), raw)
        z = np.nan_to_num((x - self.means) / self.scales, nan=0.0)
        return np.asarray(z * np.asarray(self.coefficients))

    def score(self, raw: Columns) -> Floats:
        return np.asarray(self.parts(raw).sum(axis=1) + self.intercept)

    def chance(self, raw: Columns) -> Floats:
        return self.platt.chance(self.score(raw))


_BY_NAME: Final = {sign.name: sign for sign in SIGNS}


class Check(msgspec.Struct, frozen=True):
    """How the forecast did on the slice it had not seen, beside going by recency alone, and beside BG/NBD."""

    customers: int
    happened: int
    auc: Area
    auc_recency: Area
    auc_active: Area | None
    brier: float
    brier_recency: float
    gain: float
    error: float
    rows: tuple[Row, ...]


class Drift(msgspec.Struct, frozen=True):
    """PSI of the chances against when it was learnt, and of the topics that moved most."""

    chances: float
    topics: dict[str, float]

    @property
    def large(self) -> bool:
        return self.chances > DRIFTED or any(each > DRIFTED for each in self.topics.values())


def learn(slices: Sequence[Slice], later: Slice, signs: tuple[Sign, ...] = SIGNS) -> Model:
    """A model of the rows of `slices`, calibrated on `later`."""
    raw = {name: np.concatenate([each.raw[name] for each in slices]) for name in slices[0].raw}
    y = np.concatenate([each.happened for each in slices])
    model = model_of(raw, y, signs, Platt(1.0, 0.0))
    model = msgspec.structs.replace(model, platt=fit_platt(model.score(later.raw), later.happened))
    return msgspec.structs.replace(model, weights=_weights(model, raw), spreads=_spreads(model, later.raw))


def model_of(raw: Columns, y: Floats, signs: tuple[Sign, ...], platt: Platt) -> Model:
    """What tells those of whom `y` is 1 from those of whom it is 0, by signs that differ between them at all."""
    x = read(signs, raw)
    known = np.isfinite(x)
    n = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, x, 0.0).sum(axis=0) / n
    scales = np.sqrt((np.where(known, x - means, 0.0) ** 2).sum(axis=0) / n)
    tells = scales > 1e-9
    kept = tuple(sign.name for sign, some in zip(signs, tells, strict=True) if some)
    means, scales = means[tells], scales[tells]
    coefficients, intercept = fit(np.nan_to_num((x[:, tells] - means) / scales, nan=0.0), y)
    model = Model(kept, _told(means), _told(scales), _told(coefficients), intercept, platt)
    return msgspec.structs.replace(model, weights=_weights(model, raw))


def _told(values: Floats) -> tuple[float, ...]:
    return tuple(float(each) for each in values)


def _by_topic(model: Model, parts: Floats) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for place, name in enumerate(model.signs):
        topic = _BY_NAME[name].topic
        found[topic] = found.get(topic, 0.0) + parts[:, place] * model.platt.slope
    return found


def _weights(model: Model, raw: Columns) -> dict[str, float]:
    weights = {}
    for topic, part in _by_topic(model, model.parts(raw)).items():
        value = raw[TOPICS[topic][1]]
        known = np.isfinite(value)
        together = float(np.cov(part[known], value[known])[0, 1]) if known.sum() > 1 else 0.0
        weights[topic] = float(part.std()) * (-1.0 if together < 0 else 1.0)
    return weights


def _spreads(model: Model, raw: Columns) -> dict[str, Spread]:
    topics = dict.fromkeys(_BY_NAME[name].topic for name in model.signs)
    return {"": spread(model.chance(raw)), **{topic: spread(raw[TOPICS[topic][1]]) for topic in topics}}


def drift(model: Model, raw: Columns) -> Drift:
    moved = {
        topic: stability(before, raw[TOPICS[topic][1]]) for topic, before in model.spreads.items() if topic
    }
    moved = {topic: each for topic, each in moved.items() if each > MOVED}
    return Drift(
        stability(model.spreads[""], model.chance(raw)) if "" in model.spreads else 0.0,
        dict(sorted(moved.items(), key=lambda each: -each[1])[:5]),
    )


def check(model: Model, recency: Model, unseen: Slice) -> Check:
    """Both models held against a slice that taught neither."""
    y = unseen.happened
    p, plain = model.chance(unseen.raw), recency.chance(unseen.raw)
    rows = calibration(y, p)
    return Check(
        customers=len(y),
        happened=int(y.sum()),
        auc=auc(y, p),
        auc_recency=auc(y, plain),
        auc_active=None if unseen.active is None else auc(y, unseen.active),
        brier=brier(y, p),
        brier_recency=brier(y, plain),
        gain=clearly_better(y, p, plain),
        error=calibration_error(rows),
        rows=rows,
    )


def too_little(slices: Sequence[Slice], days: int) -> str:
    """Why nothing can be learnt of these slices, the latest first, in words; "" where there is enough."""
    if len(slices) < 3:
        return (
            f"Your events do not go back far enough: it takes {3 * days + 30} days, to learn from some, calibrate on "
            "later ones and be held against the latest."
        )
    for what, least, several in (
        ("learn from", LEAST_TO_LEARN, slices[2:]),
        ("calibrate on", LEAST_TO_CHECK, slices[1:2]),
        ("be held against", LEAST_TO_CHECK, slices[:1]),
    ):
        yes = sum(int(each.happened.sum()) for each in several)
        no = sum(len(each.happened) for each in several) - yes
        if min(yes, no) < least:
            fewer = f"it happened to {yes:,}" if yes <= no else f"it did not happen to {no:,}"
            return f"Too few customers to {what}: {fewer}, and it takes {least}."
    return ""


def not_good_enough(model: Model, found: Check) -> str:
    """Why it is not to be used, in words; "" where it is."""
    if model.platt.slope <= 0 or found.gain < CLEAR or found.auc.value <= found.auc_recency.value:
        return (
            "It is not clearly better than going by how long ago somebody bought, held against weeks it had not seen "
            f"(AUC {found.auc.value:.3f} beside {found.auc_recency.value:.3f}, Brier score {found.brier:.4f} beside "
            f"{found.brier_recency:.4f})."
        )
    if found.error > WIDEST:
        return (
            f"Its chances do not hold: in weeks it had not seen they were off by {100 * found.error:.0f}% on average, "
            f"and more than {100 * WIDEST:.0f}% is too much. Customers may behave differently lately."
        )
    return ""


def learn_both(slices: Sequence[Slice], later: Slice) -> tuple[Model, Model]:
    """The forecast, and the baseline that goes by recency alone."""
    return learn(slices, later), learn(slices, later, RECENCY)


def reasons(
    model: Model,
    raw: Columns,
    places: Sequence[int],
    more: str = "makes it likelier",
    less: str = "makes it less likely",
) -> list[list[str]]:
    """For customers at these places the topics that tell them most from the average, each as a sentence."""
    here = np.asarray(places, dtype=np.int64)
    own = {name: column[here] for name, column in raw.items()}
    topics = _by_topic(model, model.parts(own))
    names = list(topics)
    table = np.column_stack([topics[name] for name in names]) if names else np.empty((len(here), 0))
    order = np.argsort(-np.abs(table), axis=1, kind="stable")
    found = []
    for row in range(len(here)):
        known: Known = {name: float(column[row]) for name, column in own.items()}
        told: list[str] = []
        for place in order[row]:
            part = float(table[row, place])
            if abs(part) < _WORTH_TELLING or len(told) == _TOLD:
                break
            if words := say(names[place], known):
                told.append(f"{words[0].upper()}{words[1:]}: {more if part > 0 else less}.")
        found.append(told)
    return found


@dataclass(frozen=True)
class Weight:
    """How far a topic tells customers apart: its share of all topics, and a sentence saying which way."""

    name: str
    share: float
    words: str


def weights(model: Model, more: str = "the likelier", less: str = "the less likely") -> list[Weight]:
    """The heaviest first; what tells next to nothing is left out."""
    total = sum(abs(each) for each in model.weights.values()) or 1.0
    found = []
    for topic, weight in sorted(model.weights.items(), key=lambda each: -abs(each[1])):
        name, _, much = TOPICS[topic]
        if abs(weight) >= _WORTH_TELLING:
            found.append(Weight(name, abs(weight) / total, f"{much}, {more if weight > 0 else less}"))
    return found


def moved(before: float, now: float) -> bool:
    """Whether a chance changed enough to say so: by five points, or by half of itself and a point at least."""
    by = abs(now - before)
    return by >= 0.05 or (by >= 0.01 and by >= 0.5 * max(min(before, now), 1e-6))
