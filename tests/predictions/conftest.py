"""`carry`: events that are really carried."""

from tests.carrying import carry

__all__ = ["carry"]
