"""How well likely duplicates are found, beside Splink as its demos set it up, on sets whose truth is known."""

from __future__ import annotations

import csv
import itertools
import logging
import multiprocessing
import os
import random
import resource
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.common import Line
from heed.profiles.domain.records import record
from heed.profiles.matching import AUTOMATIC, REVIEW, find_pairs, records_table

DATA = Path(os.environ.get("HEED_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "identity"
SETS = {"dataset1": "febrl 1", "dataset3": "febrl 3", "fake_1000": "Splink's fake_1000"}
MANY = 250_000
Scored = dict[frozenset[str], float]


def _rows(name: str) -> tuple[list[dict[str, str | None]], set[frozenset[str]]]:
    groups: dict[str, list[str]] = defaultdict(list)
    rows = []
    with (DATA / f"{name}.csv").open() as opened:
        for each in csv.DictReader(opened, skipinitialspace=True):
            row = {column: value or None for column, value in each.items()}
            own = str(row.pop("rec_id", None) or row.pop("unique_id"))
            groups[row.pop("cluster", None) or own.split("-")[1]].append(own)
            rows.append({"unique_id": own, **row})
    return rows, {frozenset(pair) for ids in groups.values() for pair in itertools.combinations(ids, 2)}


def _ours(rows: list[dict[str, str | None]]) -> Scored:
    records = {
        str(row["unique_id"]): record({k: v for k, v in row.items() if v and k != "unique_id"})
        for row in rows
    }
    return {
        frozenset((pair.one, pair.other)): pair.probability
        for pair in find_pairs(records_table(records), REVIEW)
    }


def _splinks(rows: list[dict[str, str | None]]) -> Scored:
    """Comparisons and blocking rules as in Splink's own demos of these sets."""
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    if "email" in rows[0]:
        comparisons: list[Any] = [
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ]
        blocks = [
            block_on("first_name", "surname"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
        ]
        blocks += [block_on("email"), block_on("city", "dob")]
        rounds, recall = [block_on("first_name", "surname"), block_on("dob")], 0.7
        certain = [block_on("first_name", "surname", "dob"), block_on("email")]
    else:
        comparisons = [
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ]
        blocks = [block_on("soc_sec_id"), block_on("date_of_birth"), block_on("given_name", "surname")]
        blocks += [block_on("surname", "postcode"), block_on("given_name", "postcode")]
        rounds, recall = [block_on("given_name", "surname"), block_on("date_of_birth")], 0.9
        certain = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    api = DuckDBAPI()
    settings = SettingsCreator("dedupe_only", comparisons, blocks)
    linker = Linker(api.register(pa.Table.from_pylist(rows)), settings, log_level=logging.CRITICAL)
    linker.training.estimate_probability_two_random_records_match(certain, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in rounds:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=REVIEW).as_record_list()
    return {frozenset((r["unique_id_l"], r["unique_id_r"])): float(r["match_probability"]) for r in found}


def _figures(scored: Scored, truth: set[frozenset[str]], threshold: float) -> tuple[float, float, float]:
    found = {pair for pair, probability in scored.items() if probability >= threshold}
    right = len(found & truth)
    precision, recall = right / max(1, len(found)), right / len(truth)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def _told(scored: Scored, truth: set[frozenset[str]]) -> str:
    at = [
        f"precision {p:.3f}, recall {r:.3f}, F1 {f:.3f} from {threshold}"
        for threshold in (REVIEW, AUTOMATIC)
        for p, r, f in [_figures(scored, truth, threshold)]
    ]
    return "; ".join(at)


def _among_many() -> tuple[float, float, float, float]:
    """Febrl 3 among strangers dealt from its own values: precision and recall, seconds, and MB taken by finding."""
    rows, truth = _rows("dataset3")
    records = {
        str(row["unique_id"]): record({k: v for k, v in row.items() if v and k != "unique_id"})
        for row in rows
    }
    values: dict[str, list[str]] = defaultdict(list)
    for each in records.values():
        for column, value in each.items():
            values[column].append(value)
    chance = random.Random(1)
    while len(records) < MANY:
        records[f"stranger-{len(records)}"] = {
            **{c: chance.choice(known) for c, known in values.items() if chance.random() < len(known) / len(rows)},
            "number": f"{chance.randrange(10**7):07d}",
            "dob": f"{chance.randrange(1930, 2005)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}",
        }  # fmt: skip
    table = records_table(records)
    del records
    before, started = _peak(), time.perf_counter()
    found = {frozenset((pair.one, pair.other)) for pair in find_pairs(table, REVIEW)}
    right = len(found & truth)
    return right / len(found), right / len(truth), time.perf_counter() - started, _peak() - before


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


def run() -> list[Line]:
    lines = []
    for name, words in SETS.items():
        rows, truth = _rows(name)
        started = time.perf_counter()
        ours = _ours(rows)
        took = time.perf_counter() - started
        peer = _splinks(rows)
        gain = _figures(ours, truth, REVIEW)[2] - _figures(peer, truth, REVIEW)[2]
        lines.append(
            Line(
                f"likely duplicates, {words}, {len(rows):,} records",
                f"{_told(ours, truth)} ({took:.1f} s)",
                f"Splink as its demos set it up: {_told(peer, truth)}",
                f"F1 {gain:+.3f}",
                f"precision 0.99 from {AUTOMATIC}; F1 as the peer's",
            )
        )
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        precision, recall, took, memory = process.submit(_among_many).result()
    lines.append(
        Line(
            f"likely duplicates, febrl 3 among {MANY:,} records",
            f"{took:.0f} s, {memory:,.0f} MB more; precision {precision:.3f}, recall {recall:.3f} from {REVIEW}",
            "the rest are strangers dealt from its values",
            "",
            "1,200 MB",
        )
    )
    return lines
