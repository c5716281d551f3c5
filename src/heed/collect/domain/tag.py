"""The web tag as it is served."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources


@functools.lru_cache(maxsize=1)
def tag_script() -> tuple[bytes, bytes]:
    """`(script, entity tag)`."""
    script = resources.files("heed.collect").joinpath("tag/t.js").read_bytes()
    return script, b'"' + hashlib.sha256(script).hexdigest()[:16].encode() + b'"'
