"""A company's own model posts what it thinks over HTTP: segments and decisions go by it, until the customer objects."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.scenarios.test_late_parcel import Shop
from tests.serving import Server, eventually

_ACTIONS = """
from heed import wiring
wiring.prepare()
from heed.decisions.api import save_action
save_action("model-plan", {"name": "Larger plan", "kind": "info", "value": 9.0, "active": True,
                           "eligible": "score.larger_plan > 0.6"}, [{"placement": "model_banner", "title": "More seats"}])
"""


@pytest.fixture
def shop(server: Server) -> Shop:
    subprocess.run([sys.executable, "-c", _ACTIONS], env=server.environment, check=True, capture_output=True)
    time.sleep(2.5)  # actions follow a change within two seconds, and that is what is promised
    found = Shop(server)
    found.who = {"userId": "model-ada"}
    return found


def test_what_an_own_model_says_is_gone_by_everywhere(shop: Shop, server: Server) -> None:
    def chosen() -> str | None:
        answer = shop.client.post("/v1/decide", json={**shop.who, "placement": "model_banner", "events": []})
        found: str | None = answer.json()["action"]
        return found

    def post(value: float | None) -> dict[str, object]:
        item = {
            "key": "larger_plan",
            "userId": "model-ada",
            "value": value,
            "explanation": "Asked about seats.",
        }
        answer = shop.reader.post("/api/v1/scores", json={"scores": [item]})
        assert answer.status_code == 202, answer.text
        server.await_carried()
        return dict(answer.json())

    shop.track("Seen")
    server.await_carried()
    assert chosen() is None
    defined = shop.reader.put("/api/v1/scores/larger_plan", json={"name": "Takes a larger plan"})
    assert defined.status_code == 200, defined.text
    assert shop.client.post("/api/v1/scores", json={"scores": []}).status_code == 401
    made = shop.reader.post(
        "/api/v1/segments", json={"name": "Model likely", "rule": "score.larger_plan > 0.6"}
    )
    assert made.status_code == 200, made.text
    assert post(0.8)["accepted"] == 1
    assert shop.profile()["scores"]["larger_plan"]["why"] == ["Asked about seats."]
    assert chosen() == "model-plan"

    def members() -> int:
        return len(shop.reader.get("/api/v1/segments/model-likely/members").json()["items"])

    eventually(lambda: members() == 1)
    assert post(0.3)["accepted"] == 1
    assert (chosen(), members()) == (None, 0)
    assert post(0.9)["accepted"] == 1
    assert (chosen(), members()) == ("model-plan", 1)
    shop.track("Consent Changed", purpose="profiling", granted=False)
    server.await_carried()
    assert (chosen(), members()) == (None, 0)
    assert shop.profile()["scores"] == {}
    refused = post(0.9)
    assert (refused["accepted"], refused["refused"][0]["code"]) == (0, "no_profiling")  # type: ignore[index]
