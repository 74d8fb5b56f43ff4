"""Subscriptions, their keys, and what API clients do with the keys."""
