"""How alike other customers are to the members of a segment: what tells members from others, and how well. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from heed.predictions.domain.forecast import Model, model_of, reasons
from heed.predictions.domain.logistic import Area, Platt, auc
from heed.predictions.domain.signs import SIGNS, Columns

__all__ = ["LEAST", "Model", "alike", "learn", "too_small", "why"]

LEAST: Final = 50
_OTHERS_EACH: Final = 5
_LARGEST: Final = 20_000


def too_small(members: int, others: int) -> str:
    """Why nothing can be learnt, in words; "" where there is enough."""
    if members < LEAST:
        return f"The segment is too small: {members:,} of its members may be looked at, and it takes {LEAST}."
    if others < LEAST:
        return f"Nearly everybody is in the segment: there are {others:,} others, and it takes {LEAST}."
    return ""


def alike(found: Area) -> str:
    """Why nothing is said though there are enough, in words; "" where members can be told from others."""
    if found.value - found.margin <= 0.5:
        return (
            "Nothing tells its members from other customers by what they do, spend and feel, held against some it had "
            f"not seen (AUC {found.value:.2f} ± {found.margin:.2f}, where 0.50 is a coin)."
        )
    return ""


def learn(raw: Columns, member: Any) -> tuple[Model, Area]:
    """What tells members (true or false, place by place) from a sample of others, and how well it told three tenths of
    them apart that it had not seen. At a chance of 0.5 somebody is as alike to members as to the others."""
    random = np.random.default_rng(0)
    yes, no = (_some(np.flatnonzero(each), most, random) for each, most in (
        (member, _LARGEST), (~member, min(_LARGEST, _OTHERS_EACH * int(member.sum()))),
    ))  # fmt: skip
    places = np.sort(np.concatenate([yes, no]))
    held = np.zeros(len(places), bool)
    for wanted in (True, False):
        own = np.flatnonzero(member[places] == wanted)
        held[random.permutation(own)[: max(1, len(own) * 3 // 10)]] = True
    taught = _model(raw, member, places[~held])
    unseen = {name: column[places[held]] for name, column in raw.items()}
    found = auc(member[places[held]].astype(np.float64), taught.score(unseen))
    return _model(raw, member, places), found


def _some(places: Any, most: int, random: np.random.Generator) -> Any:
    return places if len(places) <= most else random.choice(places, most, replace=False)


def _model(raw: Columns, member: Any, places: Any) -> Model:
    y = member[places].astype(np.float64)
    shift = float(np.log((len(y) - y.sum()) / y.sum()))
    own = {name: column[places] for name, column in raw.items()}
    return model_of(own, y, SIGNS, Platt(1.0, shift))


def why(model: Model, raw: Columns, places: Sequence[int]) -> list[list[str]]:
    return reasons(model, raw, places, "like them", "unlike them")
