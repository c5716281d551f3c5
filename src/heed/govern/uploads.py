"""Files that people send: only from who is signed in, and only so large."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

MOST_BYTES = 100 * 1024 * 1024
REFUSED = "heed.upload_refused"
"""Key of `request.META` that says why a file was not taken."""


class Guarded(TemporaryFileUploadHandler):
    """Keeps files on disk while they come, and none of a stranger: forms are read before a view looks who it is."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.taken = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if not getattr(getattr(self.request, "user", None), "is_authenticated", False):
            raise StopUpload(connection_reset=True)
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.taken += len(raw_data)
        if self.taken > MOST_BYTES:
            if self.request is not None:
                self.request.META[REFUSED] = "too_large"
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)
