"""Certificates: which systems there are, what each earns, and what to know."""
