"""Which customers may be one person: a Fellegi–Sunter model by Splink, trained on the records at hand without labels.

u, how often two strangers agree, comes from random pairs; m, how often two records of one person do, from
expectation maximisation (Fellegi & Sunter 1969; Winkler 1988). Agreement on what many share counts less (term
frequencies). Everything happens in memory: nothing is written to disk.
"""

from __future__ import annotations

import logging
import multiprocessing
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from heed.profiles.domain.records import COLUMNS, MAY_BE_RARE, reasons

REVIEW, AUTOMATIC = 0.5, 0.99
"""Probabilities from which a pair is shown, and from which it may be merged unseen."""
A_NAME = 0.95
"""The most that is said of two who share nothing but a name and a town, however rare: relatives are called alike, and
the model takes names and places to be independent of each other."""
MOST_PAIRS_EACH = 40
"""Pairs compared for each record, on average; looser blocking rules are left out beyond."""
MOST_COMPARED = 4_000_000
"""Pairs compared in all: what memory goes by."""
MOST_PAIRS = 20_000
"""Found in one go: more than anybody reviews before the next."""
_MEMORY, _AT_ONCE = "1GB", 60_000
"""What DuckDB may take, and the records whose pairs fit into that at once."""
RECORDS = pa.schema([pa.field("unique_id", pa.string()), *(pa.field(name, pa.string()) for name in COLUMNS)])

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

_BESIDE_A_NAME = ("dob", "postcode", "street")
"""What makes a shared name tell that two records are one person's."""

_TELLS = {
    "email": "email_l = email_r or damerau_levenshtein(email_l, email_r) <= 2"
    " and regexp_replace(email_l, '[0-9]', '', 'g') <> regexp_replace(email_r, '[0-9]', '', 'g')",
    **{f"gamma_{name}": f"gamma_{name} >= {least}" for name, least in {
        "phone": 1, "dob": 2, "number": 1, "street": 2, "postcode": 2,
    }.items()},
}  # fmt: skip
"""What tells of a person, by the column it needs: an e-mail address two slips apart at most, other than in digits, since
people who are called alike have alike addresses; and from which of Splink's levels the others do: nearly the same official number or phone, a date of
birth less than a year away, a street nearly the same, the same postcode. A house number says nothing by itself."""


class Pair(msgspec.Struct, frozen=True):
    """Two records, by their ids, that are one person with this probability; `reasons` hold no value of theirs."""

    one: str
    other: str
    probability: float
    reasons: list[str]


def records_table(records: Mapping[str, Mapping[str, str]]) -> pa.Table:
    """Records (`record_of(state)`) by id, as `find_pairs` wants them."""
    return pa.Table.from_pylist([{"unique_id": key, **known} for key, known in records.items()], RECORDS)


def find_pairs(records: pa.Table, review: float = REVIEW) -> list[Pair]:
    """The `MOST_PAIRS` likeliest pairs at or above `review`, the likeliest first. `records` are shaped like `RECORDS`.

    Besides the records themselves DuckDB takes at most a gigabyte, and fails where that is not enough.
    """
    if len(records) < 2:
        return []
    found = _predict(records, review)
    places = sorted({place for one, other, _ in found for place in (one, other)})
    mine = records.take(pa.array(places, pa.int32()))
    known = dict(zip(places, mine.to_pylist(), strict=True))
    ids = {place: row.pop("unique_id") for place, row in known.items()}
    shares = _shares(records, mine)
    pairs = [
        Pair(min(ids[a], ids[b]), max(ids[a], ids[b]), probability, reasons(known[a], known[b], shares))
        for a, b, probability in found
    ]
    return sorted(pairs, key=lambda each: (-each.probability, each.one, each.other))


def find_pairs_apart(records: pa.Table, review: float) -> list[Pair]:
    """`find_pairs` in a process of its own: what it loads and takes is given back."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(find_pairs, records, review).result()


def _shares(records: pa.Table, some: pa.Table) -> dict[tuple[str, str], float]:
    """By column and value that `some` have, which share of all records has it."""
    found: dict[tuple[str, str], float] = {}
    for name in MAY_BE_RARE:
        values = records[name].drop_null()
        asked = values.filter(pc.is_in(values, some[name].combine_chunks()))
        for each in pc.value_counts(asked).to_pylist():
            found[name, each["values"]] = each["counts"] / len(values)
    return found


def _predict(records: pa.Table, review: float) -> list[tuple[int, int, float]]:
    """Pairs of places in `records`: numbers take a fraction of what ids would."""
    # Loaded here: only who matches pays for it.
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = duckdb.connect(
        config={
            "threads": 2,
            "memory_limit": _MEMORY,
            "temp_directory": "",
            "max_temp_directory_size": "0KB",
            "preserve_insertion_order": False,
        }
    )
    try:
        places = pa.array(range(len(records)), pa.int32())
        records = records.set_column(0, "unique_id", places)
        connection.register("records", records)
        columns = [name for name in COLUMNS if _filled(records, name)]
        rules = _affordable(connection, columns, len(records))
        if not rules or len(columns) < 2:
            return []
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[_comparison(name) for name in columns],
            blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api = DuckDBAPI(connection)
            linker = Linker(api.register(records), settings, log_level=logging.CRITICAL)
            _train(linker, columns, len(records))
            predicted = linker.inference.predict(
                threshold_match_probability=review,
                num_chunks_left=1 + len(records) // _AT_ONCE,
                num_chunks_right=1,
            )
            compared = predicted.as_duckdbpyrelation()
            # Splink leaves out columns of which it could learn nothing.
            known = {*compared.columns, *(name.removesuffix("_l") for name in compared.columns)}
            tells = " or ".join(condition for name, condition in _TELLS.items() if name in known)
            capped = f"case when {tells or 'false'} then match_probability else least(match_probability, {A_NAME}) end"
            likeliest = (
                compared.project(f"unique_id_l, unique_id_r, {capped} as probability")
                .order("probability desc, unique_id_l, unique_id_r")
                .limit(MOST_PAIRS)
            )
            return list(likeliest.fetchall())
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
    left, chosen = min(MOST_PAIRS_EACH * max(count, 1_000), MOST_COMPARED), []
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


def _train(linker: Any, columns: Sequence[str], count: int) -> None:
    """What cannot be trained, for want of pairs, keeps the values Splink begins with."""
    from splink import block_on

    sure = [name for name in ("email", "number", "phone") if name in columns]
    certain = [block_on(name) for name in sure]
    # A name is no certainty: who shares one are mostly strangers, from whom it would be learnt that a name is enough.
    if {"first_name", "surname"} <= set(columns):
        beside = [name for name in _BESIDE_A_NAME if name in columns]
        certain += [block_on("first_name", "surname", name) for name in beside]
    training, settings = linker.training, linker._settings_obj
    learns = True
    if certain:
        _try(lambda: training.estimate_probability_two_random_records_match(certain, recall=0.8))
        pairs = max(1.0, count * (count - 1) / 2)
        found = settings._probability_two_random_records_match
        # Where nobody shares anything certain Splink finds no chance at all, fails on its logarithm, and would learn
        # from strangers what one person looks like.
        settings._probability_two_random_records_match = min(0.5, max(1 / (2 * pairs), found))
        learns = found > 0
    prior = settings._probability_two_random_records_match
    _try(lambda: training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1))
    rounds = [["dob"]] if "dob" in columns else []
    rounds += [["first_name", "surname"]] if {"first_name", "surname"} <= set(columns) else []
    for rule in [*rounds, *([name] for name in sure)] if learns else []:
        _try(lambda rule=rule: training.estimate_parameters_using_expectation_maximisation(block_on(*rule)))
        # A round that finds no pairs fails and leaves behind the chance among the pairs it looked for, a thousand times
        # that of any two.
        settings._probability_two_random_records_match = prior


def _try(step: Any) -> None:
    """Splink refuses to train on nothing, with an error of its own for each kind of nothing."""
    try:
        step()
    except Exception:
        logging.getLogger(__name__).debug("a training step found nothing to learn from")
