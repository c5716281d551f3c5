"""Who may be one person: found without labels, held against sets whose truth is known."""

from __future__ import annotations

import csv
import itertools
import random
from collections import defaultdict
from pathlib import Path

import pytest

from heed.profiles.domain.records import distance, reasons, record
from heed.profiles.matching import A_NAME, AUTOMATIC, REVIEW, find_pairs, records_table

Truth = set[frozenset[str]]


def people(path: Path) -> tuple[dict[str, dict[str, str]], Truth]:
    """Records by id, and every pair that is one person."""
    if not path.exists():
        pytest.skip(f"NO TEST DATA at {path}")
    found, groups = {}, defaultdict(list)
    with path.open() as opened:
        for row in csv.DictReader(opened, skipinitialspace=True):
            own = row.get("rec_id") or row["unique_id"]
            groups[row.get("cluster") or own.split("-")[1]].append(own)
            found[own] = record(
                {k: v for k, v in row.items() if v and k not in {"rec_id", "unique_id", "cluster"}}
            )
    return found, {frozenset(p) for ids in groups.values() for p in itertools.combinations(ids, 2)}


# The file, and the least F1 at the review threshold: what Splink's defaults reach on it is lower (bench/identity.py).
@pytest.mark.parametrize(("name", "least"), [("dataset1", 0.998), ("dataset3", 0.996), ("fake_1000", 0.83)])
def test_pairs_of_known_truth_are_found_and_hardly_any_wrong(
    data_folder: Path, name: str, least: float
) -> None:
    records, truth = people(data_folder / "identity" / f"{name}.csv")
    pairs = {frozenset((p.one, p.other)): p.probability for p in find_pairs(records_table(records), REVIEW)}
    right = len(pairs.keys() & truth)
    precision, recall = right / len(pairs), right / len(truth)
    assert 2 * precision * recall / (precision + recall) >= least
    sure = {pair for pair, probability in pairs.items() if probability >= AUTOMATIC}
    assert len(sure & truth) / len(sure) >= 0.99
    assert len(sure) > len(truth) / 2


def test_a_handful_of_customers_can_be_compared_too() -> None:
    mara = {"first_name": "mara", "surname": "lindqvist", "email": "mara@example.org", "city": "lund"}
    others = {
        f"p{n}": {
            "first_name": f"per{n}",
            "surname": f"olsson{n}",
            "email": f"p{n}@x.example",
            "city": f"c{n}",
        }
        for n in range(8)
    }
    pairs = find_pairs(records_table({"a": mara, "b": {**mara, "city": "malmo"}, **others}))
    assert [(p.one, p.other) for p in pairs] == [("a", "b")]
    assert find_pairs(records_table({})) == find_pairs(records_table({"a": mara})) == []


def test_traits_are_understood_whatever_they_are_called() -> None:
    expected = {"first_name": "mara", "surname": "lindqvist", "dob": "1980-02-01", "postcode": "22100"}
    assert (
        record(
            {"firstName": "Mara", "last_name": "Lindqvist", "birthday": "1980-02-01T00:00", "zip": "221 00"}
        )
        == expected
    )
    nested = {"name": "Mara  Líndqvist", "date_of_birth": 19800201, "address": {"postalCode": "221 00"}}
    assert record(nested) == expected
    assert record({"name": None, "email": ["x"], "phone": True, "city": {"a": 1}}) == {}


def test_reasons_say_what_agrees_and_what_differs_without_saying_what_it_is() -> None:
    one = {"surname": "lindqvist", "email": "mara@example.org", "city": "lund"}
    other = {"surname": "lindqvist", "email": "marra@example.org", "city": "stockholm"}
    assert reasons(one, other, {("surname", "lindqvist"): 0.0001}) == [
        "same surname, rare",
        "e-mail differs by one letter",
        "different city",
    ]


def test_names_are_called_swapped_only_where_there_are_names() -> None:
    mail = {"email": "m@example.org", "city": "lund"}
    assert reasons(mail, mail, {}) == ["same e-mail", "same city, rare"]
    one, other = {"first_name": "mara", "surname": "lind"}, {"first_name": "lind", "surname": "mara"}
    assert reasons(one, other, {})[0] == "first name and surname swapped"
    same = {"first_name": "ali", "surname": "ali"}
    assert "first name and surname swapped" not in reasons(same, same, {})


@pytest.mark.parametrize(
    ("a", "b", "steps"),
    [("a", "a", 0), ("ab", "ba", 1), ("abc", "ac", 1), ("abc", "xbz", 2), ("a", "abcd", 3)],
)
def test_letters_between_two_words(a: str, b: str, steps: int) -> None:
    assert distance(a, b) == distance(b, a) == steps


def test_customers_who_share_nothing_certain_are_compared_all_the_same() -> None:
    records = {
        f"u{n}": record({"name": f"Ann{n} Olsson{n}", "email": f"u{n}@example.org", "city": f"C{n % 7}"})
        for n in range(120)
    }
    assert find_pairs(records_table(records), REVIEW) == []


def town(chance: random.Random, count: int) -> dict[str, dict[str, str]]:
    """People of few names and towns: many share both, and are strangers all the same."""
    return {
        f"p{n}": {
            "first_name": f"{chance.choice('abcdefghij')}lena",
            "surname": f"{chance.choice('abcdefgh')}strom",
            "city": chance.choice(("lund", "kalmar", "umea")),
            "email": f"{chance.getrandbits(40):x}@example.org",
        }
        for n in range(count)
    }


@pytest.mark.parametrize("seed", range(3))
def test_strangers_called_alike_in_one_town_are_never_certainly_one_person(seed: int) -> None:
    records = town(random.Random(seed), 800)
    pairs = find_pairs(records_table(records), REVIEW)
    assert not [pair for pair in pairs if pair.probability >= AUTOMATIC]
    assert len(pairs) < 80, "the page would be full of strangers"


@pytest.mark.parametrize(
    "addresses",
    [
        ("kx81@example.org", "boo-bah@example.org"),
        ("quirina.zetterlund@example.org", "quirina.zetterlund@example.net"),
        ("quirina.zetterlund1@example.org", "quirina.zetterlund2@example.org"),
    ],
)
def test_two_of_a_rare_name_in_one_town_are_worth_a_look_and_no_certainty(addresses: tuple[str, str]) -> None:
    chance = random.Random(5)
    records = town(chance, 600)
    # People known twice, from whom it is learnt that the same name is mostly the same person.
    for n in range(60):
        one = {**records[f"p{n}"], "first_name": f"own{n}", "surname": f"name{n}", "street": f"storgatan {n}"}
        records[f"p{n}"], records[f"again{n}"] = (
            one,
            {**one, "email": f"{chance.getrandbits(40):x}@example.org"},
        )
    rare = {"first_name": "quirina", "surname": "zetterlund", "city": "lund"}
    records["one"], records["other"] = ({**rare, "email": each} for each in addresses)
    found = {(pair.one, pair.other): pair.probability for pair in find_pairs(records_table(records), 0.01)}
    assert 0 < found["one", "other"] <= A_NAME < AUTOMATIC
    assert found["again3", "p3"] > A_NAME
