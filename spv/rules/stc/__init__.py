"""The rules of certificates: the system types, and how many each earns."""
