"""Kill Heed's processes at random moments under load, 500 times, and write what was lost to bench/SOAK.md.

python bench/soak.py [kills] [seed]
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.killing import ROLES, Outcome, kill_at_random
from tests.serving import serving

HERE = Path(__file__).parent
_HEAD = f"""# Soak

Two senders; every second or so a process of a random kind ({", ".join(ROLES)}) is killed with SIGKILL and started again by
the supervisor. Every event answered 200 must be in the lake exactly once and folded exactly once. `make soak` adds a line.

| day | kills | engines | minutes | answered 200 | lost | doubled | in the lake | folded |
|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    os.environ["HEED_DATA"] = tempfile.mkdtemp(prefix="heed-soak-own-")
    from heed import wiring

    wiring.set_up_django()  # so that states can be read
    page = HERE / "SOAK.md"
    text = page.read_text() if page.exists() else _HEAD
    bad = False
    for engines in (1, 2):
        with tempfile.TemporaryDirectory(prefix="heed-soak-") as folder:
            for server in serving(Path(folder) / "data", HEED_ENGINES=str(engines), HEED_LOG_LEVEL="error"):
                found: Outcome = kill_at_random(server, kills // 2, seed + engines)
        text += (
            f"| {datetime.now(UTC):%d %B %Y}, Python {platform.python_version()} | {found.kills} | {engines} |"
            f" {found.seconds / 60:.0f} | {found.answered:,} | {found.lost} | {found.doubled} |"
            f" {found.in_lake:,} | {found.folded:,} |\n"
        )
        page.write_text(text)
        print(found)
        bad = bad or bool(found.lost or found.doubled or found.folded != found.in_lake)
    raise SystemExit(bad)


if __name__ == "__main__":
    main()
