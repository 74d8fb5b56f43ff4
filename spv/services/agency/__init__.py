"""Use cases of agency staff."""
