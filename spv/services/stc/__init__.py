"""Calculations of certificates: saved, shown and logged."""
