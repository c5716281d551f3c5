"""Means, and what customers will be worth. Pure."""
