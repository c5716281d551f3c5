"""The worker of a running installation compares customers, in a process of its own that ends with it."""

from __future__ import annotations

import subprocess
import sys

import httpx

from tests.serving import Server, eventually

ASK = "from heed import wiring; wiring.set_up_django(); from heed.profiles.jobs import match; match.defer()"
MARA = {"first_name": "Mara", "last_name": "Lindqvist", "birthday": "1980-02-01", "city": "Lund"}


def test_likely_duplicates_are_found_by_the_worker(server: Server) -> None:
    key = server.heed("keys", "create", "shop", "--scope", "write").stdout.strip()
    people = [("m1", {**MARA, "email": "mara@example.org"}), ("m2", {**MARA, "email": "marra@example.org"})]
    people += [
        (f"u{n}", {"first_name": f"Per{n}", "last_name": f"Olsson{n}", "birthday": f"19{50 + n}-03-01"})
        for n in range(30)
    ]
    batch = [{"type": "identify", "userId": user, "traits": traits} for user, traits in people]
    assert httpx.post(f"{server.url}/v1/batch", json={"batch": batch}, auth=(key, "")).status_code == 200
    server.await_carried()
    subprocess.run([sys.executable, "-c", ASK], env=server.environment, check=True, timeout=120)

    def looked() -> bool:
        """Done jobs are deleted."""
        with server.connect() as connection:
            row = connection.execute("select looked_at from identity_matching").fetchone()
        return bool(row and row[0])

    # It stands behind every other process, so that a busy machine may keep it waiting for minutes.
    eventually(looked, 400)
    with server.connect() as connection:
        # Of so few people a model learns little: which strangers it shows besides differs from time to time.
        pairs = connection.execute(
            "select a.user_id, b.user_id from identity_pair join profile a on a.id = one"
            " join profile b on b.id = other where said = 'open'"
        ).fetchall()
    assert {"m1", "m2"} in [set(pair) for pair in pairs]
    eventually(lambda: not _matching(server))


def _matching(server: Server) -> list[str]:
    """Processes that a worker started; Python's own book-keeper of such processes stays."""
    own = [each for worker in server.children("worker") for each in worker.children()]
    return [" ".join(each.cmdline()) for each in own if "resource_tracker" not in " ".join(each.cmdline())]
