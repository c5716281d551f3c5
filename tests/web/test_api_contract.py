"""The API keeps what its description says, whatever is sent to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving import Server

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"


@pytest.mark.parametrize(
    ("paths", "scope", "examples"),
    [("^/api/", "manage", "40"), ("^/v1/(batch|track|alias|decide)", "write", "15")],
)
def test_every_answer_is_one_that_is_described(
    server: Server, tmp_path: Path, paths: str, scope: str, examples: str
) -> None:
    key = server.heed("keys", "create", "contract", "--scope", scope).stdout.strip()
    if scope == "manage":
        own = server.heed("keys", "create", "contract", "--scope", "write").stdout.strip()
        said = {"event": "Message Received", "userId": "contract", "properties": {"text": "Where is it?"}}
        httpx.post(f"{server.url}/v1/track", auth=(own, ""), json=said).raise_for_status()
        server.await_carried()
    who = ("--header", f"Authorization: Bearer {key}") if scope == "manage" else ("--auth", f"{key}:")
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.url}/api/openapi.json"),
            *(*who, "--include-path-regex", paths, "--checks", CHECKS, "--phases", "coverage,fuzzing"),
            *("--max-examples", examples, "--seed", "1", "--no-color", "--warnings", "off"),
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-1_000:]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/profiles/none-such", "/api/nothing", "/api/v1/a%0Ab"])
def test_an_address_of_the_api_that_is_none_is_answered_to_a_program(client: object, address: str) -> None:
    answer = client.get(address)  # type: ignore[attr-defined]
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
