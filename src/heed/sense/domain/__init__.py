"""Mood, circumstances and stance. Pure: no clock, no I/O."""
