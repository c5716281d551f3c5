"""Tracking clients as their users have them, unchanged and pointed at Heed, deliver everything and meet no error."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.collect.clients import node_clients, python_client
from tests.serving import Server

pytestmark = pytest.mark.clients

_SEGMENT = """
import sys
import segment.analytics as analytics
errors = []
analytics.write_key, analytics.host = sys.argv[1], sys.argv[2]
analytics.on_error = lambda error, items: errors.append(repr(error))
analytics.debug = False
analytics.gzip = True
analytics.identify("u-{me}", {{"email": "{me}@example.org", "name": "Ünï {me}"}})
analytics.track("u-{me}", "Order Completed", {{"order_id": "o1", "value": 12.5}})
analytics.page("u-{me}", "Docs", "Python", {{"url": "http://example.org/docs"}})
analytics.screen("u-{me}", "Settings", "Brightness")
analytics.group("u-{me}", "acme", {{"employees": 3}})
analytics.alias("old-{me}", "u-{me}")
for number in range(250):
    analytics.track("u-{me}", "Bulk", {{"number": number}})
analytics.flush()
analytics.shutdown()
assert not errors, errors
"""

_RUDDER = """
import sys
import rudderstack.analytics as analytics
errors = []
analytics.write_key, analytics.dataPlaneUrl = sys.argv[1], sys.argv[2]
analytics.on_error = lambda error, items: errors.append(repr(error))
analytics.identify("u-{me}", {{"email": "{me}@example.org"}})
analytics.track("u-{me}", "Order Completed", {{"order_id": "o1", "value": 12.5}})
analytics.page("u-{me}", "Docs", "Python", {{"url": "http://example.org/docs"}})
analytics.screen("u-{me}", "Settings", "Brightness")
analytics.group("u-{me}", "acme", {{"employees": 3}})
analytics.alias("old-{me}", "u-{me}")
for number in range(250):
    analytics.track("u-{me}", "Bulk", {{"number": number}})
analytics.flush()
analytics.shutdown()
assert not errors, errors
"""

_NODE = """
const { Analytics } = require('@segment/analytics-node');
const [, , writeKey, host] = process.argv;
const me = 'u-{me}';
const analytics = new Analytics({ writeKey, host, maxEventsInBatch: 50 });
const errors = [];
analytics.on('error', (error) => errors.push(error));
analytics.identify({ userId: me, traits: { email: '{me}@example.org' } });
analytics.track({ userId: me, event: 'Order Completed', properties: { order_id: 'o1', value: 12.5 } });
analytics.page({ userId: me, name: 'Docs', properties: { url: 'http://example.org/docs' } });
analytics.screen({ userId: me, name: 'Settings' });
analytics.group({ userId: me, groupId: 'acme', traits: { employees: 3 } });
analytics.alias({ previousId: 'old-{me}', userId: me });
for (let number = 0; number < 250; number++) analytics.track({ userId: me, event: 'Bulk', properties: { number } });
analytics.closeAndFlush({ timeout: 20000 }).then(() => {
  if (errors.length) { console.error(errors); process.exit(1); }
});
"""


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return server.heed("keys", "create", "clients", "--scope", "write").stdout.strip()


def _arrived(server: Server, me: str) -> None:
    """Every kind of call is in the profile of one person, and each of the many exactly once."""
    from heed.profiles import api as profiles

    server.await_carried()
    with server.connect() as connection:
        rows = connection.execute(
            "select state from profile where user_id in (%s, %s)", [f"u-{me}", f"old-{me}"]
        ).fetchall()
    assert len(rows) == 1, "the alias makes both identifiers one person"
    state = profiles.fold.decode(bytes(rows[0][0]))
    names = state.activity.names
    assert names["Bulk"] == 250
    assert names["Order Completed"] == 1
    assert names["identify"] == names["group"] == names["alias"] == 1
    assert sum(names.values()) == 256
    assert state.identity.identifiers["email"] == [f"{me}@example.org"]
    assert list(state.accounts.of) == ["acme"]


@pytest.mark.parametrize(
    ("requirement", "script"),
    [
        ("segment-analytics-python==2.4.0", _SEGMENT),
        ("segment-analytics-python==2.3.4", _SEGMENT),
        ("rudder-sdk-python==2.1.9", _RUDDER),
    ],
)
def test_a_python_client(server: Server, key: str, requirement: str, script: str, tmp_path: Path) -> None:
    folder = python_client(requirement)
    me = requirement.replace("==", "-").replace(".", "-")
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(script.format(me=me)))
    done = subprocess.run(
        [sys.executable, "-S", str(program), key, server.url],
        env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "rror" not in done.stderr, done.stderr[-2_000:]
    _arrived(server, me)


def test_the_node_client(server: Server, key: str) -> None:
    folder = node_clients("@segment/analytics-node")
    me = "node"
    program = folder / "program.cjs"
    program.write_text(_NODE.replace("{me}", me))
    done = subprocess.run(
        ["node", str(program), key, server.url], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    _arrived(server, me)
