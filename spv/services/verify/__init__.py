"""Verification: what is saved is what the audit log says."""
