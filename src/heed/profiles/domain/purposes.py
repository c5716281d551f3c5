"""Purposes there are until a company words them in its own way."""

from __future__ import annotations

from typing import Final

TOPIC, USE, CHANNEL = "topic", "use", "channel"
DEFAULTS: Final = (
    ("service", "Your orders and questions", USE, "contract",
     "We use your data to deliver what you ordered and to answer what you ask."),
    ("marketing", "Offers and news", TOPIC, "consent", "We may tell you about offers and what is new."),
    ("feedback", "Questions about how we did", TOPIC, "consent", "We may ask you how you liked it."),
    ("personalisation", "What you see fits you", USE, "consent",
     "We may choose what you see by what you did with us before."),
    ("profiling", "Foretelling what you may want", USE, "legitimate_interest",
     "We may estimate from your orders what you will need next."),
    ("analytics", "Making things better", USE, "legitimate_interest",
     "We count what people do with us, to find what does not work."),
    ("email", "By e-mail", CHANNEL, "consent", "We may write to you by e-mail."),
    ("sms", "By text message", CHANNEL, "consent", "We may send you text messages."),
    ("phone", "By phone", CHANNEL, "consent", "We may call you."),
)  # fmt: skip
"""Key, name, kind, lawful basis, wording; a row of the table `purpose` replaces the one of its key."""
