"""The rules of certificates: the system types, and the number that each earns."""
