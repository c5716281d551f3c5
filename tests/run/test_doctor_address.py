"""A HEED_DATABASE_URL that is none, or where nobody answers: `heed doctor` and `heed serve` say the same of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heed.run.address import wrong
from heed.settings import Settings
from tests.run.test_doctor import found, healthy
from tests.run.test_doctor_database import serve
from tests.serving import free_port

__all__ = ["healthy"]


@pytest.mark.parametrize(
    "address", ["mysql://me:secret@x/heed", "postgres//me:secret@x/heed", "postgresql:/me:secret@x"]
)
def test_an_address_of_a_database_that_is_none(healthy: Settings, address: str) -> None:
    theirs = replace(healthy, external_database_url=address)
    finding = found(theirs, "HEED_DATABASE_URL is no")
    assert "secret" not in finding.text
    assert "postgresql://" in finding.mend
    told = serve(theirs)
    assert "is no address of a PostgreSQL database" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    "address",
    [
        *("u:ge%zzheim@127.0.0.1/heed", "u:ge@heim@127.0.0.1/heed", "u:ge/heim@127.0.0.1/heed"),
        *("u:g@heim#x@127.0.0.1/heed", "u:g@heim?x=y@127.0.0.1/heed", "u:ge@s#h/heim@127.0.0.1:19150/heed"),
        *("u:g@heim?x@127.0.0.1/heed", "u:g@heim/x?y@127.0.0.1/heed"),
    ],
)
def test_a_password_that_makes_no_address_is_not_told(healthy: Settings, address: str) -> None:
    finding = found(replace(healthy, external_database_url=f"postgresql://{address}"), "cannot be read")
    assert "heim" not in finding.text
    assert "%40" in finding.mend


def test_heed_does_not_start_with_a_password_that_makes_no_address(healthy: Settings) -> None:
    told = serve(replace(healthy, external_database_url="postgresql://u:p@ge#h/heim@127.0.0.1:19150/heed"))
    assert "cannot be read as an address" in told
    assert "ge#h" not in told


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:p%40%23@127.0.0.1:5432/heed?sslmode=require",
        "postgres://u@a,b:5433/heed?target_session_attrs=read-write",
        "postgresql://u:p#?w@127.0.0.1/heed",
        "postgresql:///heed?user=u&password=p@w",
        "postgresql://postgres@/heed?host=/var/run/postgresql",
        "postgresql://[::1]/heed?user=a@b.example",
    ],
)
def test_what_is_an_address_is_taken_for_one(address: str) -> None:
    assert wrong(address) == ""


def test_a_database_that_does_not_answer(healthy: Settings) -> None:
    away = replace(healthy, external_database_url=f"postgresql://x@127.0.0.1:{free_port()}/heed")
    finding = found(away, "HEED_DATABASE_URL does not answer")
    assert (finding.level, "address, user and password" in finding.mend) == ("bad", True)


def test_a_name_no_database_has(healthy: Settings) -> None:
    start, end = healthy.external_database_url.rsplit("/t_", 1)
    theirs = replace(healthy, external_database_url=f"{start}/heeed?{end.split('?')[1]}")
    finding = found(theirs, "There is no database heeed")
    assert (finding.level, "createdb heeed" in finding.mend) == ("bad", True)
    assert "There is no database heeed" in serve(theirs)
