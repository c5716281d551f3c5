"""What Heed makes of the columns of a file, and the mapping that follows."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.collect.domain.assistant import (
    KINDS,
    ROLES,
    ROWS,
    SAYS,
    Choices,
    Column,
    Unfinished,
    mapping_of,
)  # fmt: skip
from heed.collect.domain.guess import guess, time_format
from heed.collect.domain.mapping import BadRow, mapper_of, read_mapping
from heed.collect.domain.protocol import Limits
from heed.collect.uploads import mapping_text
from heed.contracts.event import Event
from tests.collect import exports
from tests.installation import START

WITHDRAWN = {"marketing": False, "email": False}


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, Any]]:
    if text.startswith("{"):
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def events(text: str, delimiter: str = ",") -> tuple[Choices, list[Event | str]]:
    rows = rows_of(text, delimiter)
    choices = guess(list(dict.fromkeys(name for row in rows for name in row)), rows)
    mapper = read_mapping(mapping_text(choices))
    found: list[Event | str] = []
    for line, row in enumerate(rows, 2):
        try:
            made = mapper.event(row, line, "0" * 16, START, Limits(past_ms=10**14))
            assert made is not None
            found.append(made)
        except BadRow as error:
            found.append(str(error))
    return choices, found


def said(event: Event | str) -> Any:
    assert isinstance(event, Event), event
    return event.context.get("consent", {}).get("categoryPreferences")


def external(event: Event | str) -> list[tuple[str, str]]:
    assert isinstance(event, Event), event
    return [(each["type"], each["id"]) for each in event.context.get("externalIds", [])]


def test_hubspots_contacts_are_customers_and_stay_unsubscribed() -> None:
    choices, (ada, bob, cleo) = events(exports.HUBSPOT)
    assert choices.known == "HubSpot contacts"
    assert isinstance(ada, Event)
    assert (ada.type, ada.traits["email"], ada.traits["first_name"]) == ("identify", "ada@example.org", "Ada")
    assert ada.traits["lifecycle_stage"] == "Customer"
    assert external(ada) == [("hubspot", "101")]
    assert said(ada) is None, "that somebody did not unsubscribe is no permission"
    assert said(bob) == said(cleo) == WITHDRAWN


def test_mailchimps_three_files_say_who_permits_who_left_and_whose_address_is_dead() -> None:
    choices, (ada, bob) = events(exports.SUBSCRIBED)
    assert choices.known == "Mailchimp: subscribed"
    assert said(ada) == {"marketing": True, "email": True}
    assert isinstance(ada, Event)
    assert isinstance(bob, Event)
    assert (ada.occurred, bob.occurred) == (1682935500000, 1643767322000), "confirmed, else signed up"
    assert ada.properties["proof"] == "Mailchimp audience export"
    assert ada.traits["country"] == "SE"
    assert "OPTIN_IP" not in ada.traits
    choices, (dora,) = events(exports.UNSUBSCRIBED)
    assert choices.known == "Mailchimp: unsubscribed"
    assert isinstance(dora, Event)
    assert (said(dora), dora.occurred) == (WITHDRAWN, 1717243200000)
    choices, (gone,) = events(exports.CLEANED)
    assert isinstance(gone, Event)
    assert (gone.name, said(gone), gone.occurred) == ("Email Bounced", None, 1717329600000)
    assert gone.context["traits"]["email"] == "gone@example.org"


def test_klaviyos_profiles_stay_unsubscribed_and_nobody_is_subscribed_without_a_date() -> None:
    choices, (ada, bob, eva, finn) = events(exports.KLAVIYO)
    assert choices.known == "Klaviyo profiles"
    assert [said(each) for each in (ada, bob, eva, finn)] == [None, WITHDRAWN, WITHDRAWN, None]
    assert external(ada) == [("klaviyo", "01ABC")]


def test_klaviyos_subscribers_keep_their_permission_from_when_they_gave_it() -> None:
    _, (ada, bob, eva, finn, gus, hal, ida) = events(exports.KLAVIYO_DATED)
    assert said(ada) == {"marketing": True, "email": True}
    assert isinstance(ada, Event)
    assert (ada.occurred, ada.properties) == (1682935500000, {"proof": "Klaviyo profile export"})
    assert said(bob) == WITHDRAWN
    assert isinstance(bob, Event)
    assert bob.occurred == START, "a refusal counts from now, whenever its subscription was"
    assert said(eva) is None
    assert said(finn) is None, "since when is not known"
    assert said(gus) is None, "whoever cannot be reached permits nothing"
    assert said(hal) == said(ida) == WITHDRAWN


def test_since_when_somebody_permits_marketing_is_told_of_customers_only() -> None:
    choices = Choices(
        [Column("E", "email"), Column("M", "permits"), Column("At", "permitted_at")], "events", "X"
    )
    with pytest.raises(Unfinished, match="let each row be a customer"):
        mapping_of(choices)


def test_segments_export_is_what_it_was() -> None:
    choices, (identify, order, page, broken) = events(exports.SEGMENT)
    assert choices.known == "Segment events"
    assert isinstance(identify, Event)
    assert (identify.message_id, identify.occurred) == ("s-1", 1704164645678)
    assert identify.traits == {"email": "ada@example.org", "plan": "gold"}
    assert isinstance(order, Event)
    assert (order.name, order.user_id) == ("Order Completed", "u1")
    assert order.properties == {"order_id": "A1", "value": 12.5, "products": [{"sku": "X"}]}
    assert isinstance(page, Event)
    assert (page.type, page.anonymous_id, page.name) == ("page", "a1", "Home")
    assert "no_event_name" in str(broken)


def test_orders_in_german_are_read_as_they_are_written() -> None:
    choices, found = events(exports.GERMAN.decode("cp1252"), ";")
    assert (choices.rows, choices.event, choices.decimal) == ("events", "Order Completed", ",")
    first = found[0]
    assert isinstance(first, Event)
    assert first.user_id == "K-1"
    assert first.properties == {"order_id": "B-7", "value": 1234.56, "quantity": 2, "Währung": "EUR"}


def test_decimal_commas_are_found_beside_a_currency() -> None:
    assert guess(["Total"], [{"Total": "49,90 €"}]).decimal == ","
    assert guess(["Total"], [{"Total": "$1,234.50"}]).decimal == "."


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-03-01 10:15"], ""), (["1717243200"], ""), (["02.03.2024 10:15", "31.12.2023 00:00"], "%d.%m.%Y %H:%M"),
        (["02/03/2024", "12/31/2023"], "%m/%d/%Y"), (["02/03/2024", "31/12/2023"], "%d/%m/%Y"), (["soon"], ""),
        ([], ""), (["12/1/10 8:26", "12/13/10 9:02"], "%m/%d/%y %H:%M"),
    ],
)  # fmt: skip
def test_the_form_of_times_is_found(cells: list[str], form: str) -> None:
    assert time_format(cells) == form


def test_a_column_of_addresses_is_one_whatever_it_is_called() -> None:
    choices = guess(
        ["Kontakt", "X"], [{"Kontakt": "a@example.org", "X": "1"}, {"Kontakt": "b@example.org", "X": "2"}]
    )
    assert choices.columns[0].role == "email"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (Choices([Column("A", "trait")]), "who it is"),
        (Choices([Column("A", "email")], rows="events"), "called"),
        (Choices([Column("A", "email")], says="granted"), "when it was given"),
    ],
)
def test_choices_that_make_no_mapping_say_what_is_missing(choices: Choices, words: str) -> None:
    with pytest.raises(Unfinished, match=words):
        mapping_of(choices)


_words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00{}"), min_size=1, max_size=12
)
_columns = st.lists(
    st.builds(Column, _words, st.sampled_from(list(ROLES)), _words | st.just(""), st.sampled_from(list(KINDS))),
    min_size=1, max_size=6,
)  # fmt: skip
_choices = st.builds(
    Choices, _columns, st.sampled_from(list(ROWS)), _words, _words, st.sampled_from(list(SAYS)), _words,
    decimal=st.sampled_from([".", ","]), delimiter=st.sampled_from([",", ";", "\t"]),
    time_format=st.sampled_from(["", "%d.%m.%Y"]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_choices, st.lists(st.text(max_size=12), min_size=6, max_size=6))
def test_every_mapping_made_here_is_one_that_heed_import_takes(choices: Choices, cells: list[str]) -> None:
    try:
        mapping = mapping_of(choices)
    except Unfinished:
        return
    text = mapping_text(choices)
    assert tomllib.loads(text) == mapping
    mapper = read_mapping(text)
    row = {each.name: cell for each, cell in zip(choices.columns, cells, strict=False)}
    try:
        found = mapper.event(row, 1, "0" * 16, START, Limits())
    except BadRow:
        return
    assert found is not None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(_words | st.sampled_from(["Email", "date", "Total", "event", "Record ID"]), min_size=1, max_size=6, unique=True),
    st.lists(st.lists(st.text(max_size=20) | st.sampled_from(["1,5", "02.03.2024", "a@b.co"]), min_size=6, max_size=6), max_size=4),
)  # fmt: skip
def test_no_file_breaks_guessing(columns: list[str], cells: list[list[str]]) -> None:
    rows = [dict(zip(columns, each, strict=False)) for each in cells]
    choices = guess(columns, rows)
    assert [each.name for each in choices.columns] == columns or choices.known
    try:
        mapping_of(choices)
    except Unfinished:
        pass


def test_a_file_in_which_everybody_permits_takes_no_column_that_says_who_does() -> None:
    choices = Choices(
        [Column("mail", "email"), Column("since", "time"), Column("ok", "permits")], says="granted"
    )
    with pytest.raises(Unfinished, match="choose one of the two"):
        mapping_of(choices)


@pytest.mark.parametrize("cell", ["complaint", "HARD_BOUNCE", "[user_unsubscribed, spam]", "2026-02-03"])
def test_whoever_has_a_reason_beside_them_does_not_permit_by_the_file(cell: str) -> None:
    choices = Choices(
        [Column("mail", "email"), Column("since", "time"), Column("left", "unsubscribed")], says="granted"
    )
    mapper = mapper_of(mapping_of(choices))

    def permits(left: str) -> bool:
        row = {"mail": "a@example.org", "since": "2026-01-02", "left": left}
        found = mapper.event(row, 1, "d" * 16, START, Limits())
        assert found is not None
        return bool(found.context["consent"]["categoryPreferences"]["marketing"])

    assert (permits(""), permits("no"), permits(cell)) == (True, True, False)
