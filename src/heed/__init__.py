"""Heed: customer experience management that knows how each customer feels right now."""

__version__ = "0.1.0"
