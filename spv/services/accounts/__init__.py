"""Accounts, their users, and how users sign in."""
