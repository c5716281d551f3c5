"""What customers permit, as far as several rooms have to agree on it."""

from __future__ import annotations

SERVICE = "service"
"""The purpose of what orders and questions need; neither a pause nor a cadence touches it."""

CADENCES = {0: "as it comes", 1: "once a day at most", 7: "once a week at most", 30: "once a month at most"}
"""How often somebody wants to hear from us of what rests on their consent: days between two messages."""
