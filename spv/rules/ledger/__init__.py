"""Panel serial numbers: how they are read, checked, declared and searched for."""
