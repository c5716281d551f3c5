"""Accounts and households: what several customers belong to together."""
