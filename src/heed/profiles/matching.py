"""Which customers may be one person: a Fellegi–Sunter model by Splink, trained on the records at hand without labels.

u, how often two strangers agree, comes from random pairs; m, how often two records of one person do, from
expectation maximisation (Fellegi & Sunter 1969; Winkler 1988). Agreement on what many share counts less (term
frequencies). Everything happens in this process's memory: nothing is written to disk.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from heed.profiles.domain.records import COLUMNS, reasons

REVIEW, AUTOMATIC = 0.5, 0.99
"""Probabilities from which a pair is shown, and from which it may be merged unseen."""
MOST_PAIRS_EACH = 40
"""Pairs compared for each record, on average; looser blocking rules are left out beyond."""
_MEMORY = "1GB"

_BLOCKS: tuple[tuple[str, ...], ...] = (
    ("email",),
    ("phone",),
    ("number",),
    ("first_name", "surname", "dob"),
    ("surname", "dob"),
    ("first_name", "dob"),
    ("dob", "postcode"),
    ("dob", "city"),
    ("first_name", "surname"),
    ("surname", "postcode"),
    ("first_name", "postcode"),
    ("street", "house"),
    ("substr(dob, 1, 7)", "substr(first_name, 1, 2)"),
    ("substr(dob, 1, 7)", "substr(surname, 1, 2)"),
    ("substr(email, 1, 6)",),
    ("first_name", "city"),
    ("surname", "city"),
    ("substr(first_name, 1, 3)", "substr(surname, 1, 3)"),
    ("dob",),
)
"""What two records must share to be compared at all, from the tightest to the loosest."""


class Pair(msgspec.Struct, frozen=True):
    """Two records, by their ids, that are one person with this probability; `reasons` hold no value of theirs."""

    one: str
    other: str
    probability: float
    reasons: list[str]


def find_pairs(records: dict[str, dict[str, str]], review: float = REVIEW) -> list[Pair]:
    """Every pair at or above `review`, the likeliest first. `records` are `record_of(state)` by id."""
    if len(records) < 2:
        return []
    found = _predict(records, review)
    shares = _shares(records.values())
    pairs = [
        Pair(min(a, b), max(a, b), probability, reasons(records[a], records[b], shares))
        for a, b, probability in found
    ]
    return sorted(pairs, key=lambda each: (-each.probability, each.one, each.other))


def _shares(records: Iterable[dict[str, str]]) -> dict[tuple[str, str], float]:
    counts: Counter[tuple[str, str]] = Counter()
    known: Counter[str] = Counter()
    for each in records:
        counts.update(each.items())
        known.update(each.keys())
    return {key: count / known[key[0]] for key, count in counts.items()}


def _predict(records: dict[str, dict[str, str]], review: float) -> list[tuple[str, str, float]]:
    # Loaded here: only the worker pays for it, and only when it matches.
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    table = pa.table(
        {
            "unique_id": pa.array(list(records)),
            **{
                column: pa.array([each.get(column) for each in records.values()], pa.string())
                for column in COLUMNS
            },
        }
    )
    connection = duckdb.connect(
        config={"threads": 2, "memory_limit": _MEMORY, "temp_directory": "", "max_temp_directory_size": "0KB"}
    )
    try:
        connection.register("records", table)
        columns = [name for name in COLUMNS if _filled(table, name)]
        rules = _affordable(connection, columns, len(records))
        if not rules:
            return []
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[_comparison(name) for name in columns],
            blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api = DuckDBAPI(connection)
            linker = Linker(api.register(table), settings, log_level=logging.CRITICAL)
            _train(linker, columns)
            predicted = linker.inference.predict(threshold_match_probability=review)
            rows = predicted.as_record_list()
        return [(r["unique_id_l"], r["unique_id_r"], float(r["match_probability"])) for r in rows]
    finally:
        connection.close()


def _filled(table: pa.Table, name: str) -> bool:
    """Known of several, and not the same for all."""
    values = table[name].drop_null()
    return len(values) >= 2 and len(values.unique()) > 1


def _comparison(name: str) -> Any:
    import splink.comparison_library as cl

    if name in {"first_name", "surname"}:
        return cl.NameComparison(name)
    if name == "dob":
        return cl.DateOfBirthComparison(name, input_is_string=True)
    if name == "email":
        return cl.EmailComparison(name)
    if name == "house":
        return cl.ExactMatch(name).configure(term_frequency_adjustments=True)
    if name in {"city", "street"}:
        thresholds = [0.9] if name == "city" else [0.9, 0.8]
        return cl.JaroWinklerAtThresholds(name, thresholds).configure(term_frequency_adjustments=True)
    if name == "postcode":
        return cl.DamerauLevenshteinAtThresholds(name, [1]).configure(term_frequency_adjustments=True)
    return cl.DamerauLevenshteinAtThresholds(name, [1, 2] if name == "number" else [1])


def _affordable(connection: Any, columns: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """The blocking rules whose columns exist, as long as they do not compare too many pairs in all."""
    left, chosen = MOST_PAIRS_EACH * max(count, 1_000), []
    for rule in _BLOCKS:
        if not all(any(name in part for name in columns) for part in rule):
            continue
        known = " and ".join(f"{part} is not null" for part in rule)
        row = connection.execute(
            "select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from records"  # noqa: S608
            f" where {known} group by {', '.join(rule)})"
        ).fetchone()
        if row[0] <= left:
            left -= row[0]
            chosen.append(rule)
    return chosen


def _train(linker: Any, columns: Sequence[str]) -> None:
    """What cannot be trained, for want of pairs, keeps the values Splink begins with."""
    from splink import block_on

    sure = [name for name in ("email", "number", "phone") if name in columns]
    named = [name for name in ("first_name", "surname", "dob") if name in columns]
    certain = [block_on(name) for name in sure] + ([block_on(*named)] if len(named) > 1 else [])
    training = linker.training
    if certain:
        _try(lambda: training.estimate_probability_two_random_records_match(certain, recall=0.8))
    _try(lambda: training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1))
    rounds = [["dob"]] if "dob" in columns else []
    rounds += [["first_name", "surname"]] if {"first_name", "surname"} <= set(columns) else []
    for rule in [*rounds, *([name] for name in sure)]:
        _try(lambda rule=rule: training.estimate_parameters_using_expectation_maximisation(block_on(*rule)))


def _try(step: Any) -> None:
    """Splink refuses to train on nothing, with an error of its own for each kind of nothing."""
    try:
        step()
    except Exception:
        logging.getLogger(__name__).debug("a training step found nothing to learn from")
