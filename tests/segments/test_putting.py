"""Somebody puts customers on a list by what names them."""

from __future__ import annotations

import pytest
from django.test import Client

from heed.profiles.models import Profile
from heed.segments import api
from tests.carrying import Carry, carry
from tests.profiles.test_views import event, known, signed_in, text

__all__ = ["carry"]


@pytest.fixture
def listed(carry: Carry) -> str:
    carry([
        known("c1", "Xavier Bernueva", email="xavier@example.org"),
        known("c2", "Callum Bradton", email="callum@example.org"),
        event("Order Completed", "c2", properties={"order_id": "46165", "value": 10}),
    ])  # fmt: skip
    return str(api.save_segment("", name="VIP", kind="list").key)


def put(client: Client, key: str, who: str, off: str = "") -> str:
    return text(client.post(f"/segments/{key}/people/", {"who": who, "off": off}, follow=True))


def members(carry: Carry, key: str) -> set[str]:
    carry([])
    return set(Profile.objects.filter(segments__contains=[key]).values_list("user_id", flat=True))


def test_several_are_put_on_at_once_and_taken_off(carry: Carry, listed: str) -> None:
    client = signed_in("marketer")
    page = put(client, listed, "xavier@example.org, c2\nnobody@example.org")
    assert "2 customers are put on the list" in page
    assert "by: nobody@example.org" in page
    assert members(carry, listed) == {"c1", "c2"}
    assert "Xavier Bernueva is taken off the list" in put(client, listed, "c1", off="1")
    assert members(carry, listed) == {"c2"}


def test_an_id_with_a_comma_in_it_names_only_its_own(carry: Carry, listed: str) -> None:
    carry([known("c1,c2", "Comma Carla", email="carla@example.org")])
    assert "Comma Carla is put on the list" in put(signed_in("marketer"), listed, "c1,c2")
    assert members(carry, listed) == {"c1,c2"}


@pytest.mark.parametrize(
    "who", ["bradt", "Callum Bradton", "46165", "<b>x</b>", "xavier b", "callum@", ",;\n", ""]
)
def test_nobody_is_put_on_by_a_part_of_a_name_or_the_number_of_an_order(
    carry: Carry, listed: str, who: str
) -> None:
    page = put(signed_in("marketer"), listed, who)
    assert "put on the list;" not in page
    assert "<b>x" not in page
    assert members(carry, listed) == set()


def test_more_than_a_file_would_hold_is_sent_to_a_file(listed: str) -> None:
    assert "import a file" in put(signed_in("marketer"), listed, "\n".join(f"c{n}" for n in range(600)))
