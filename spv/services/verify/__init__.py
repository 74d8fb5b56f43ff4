"""Verification: prove that what is saved is what the audit log recorded."""
