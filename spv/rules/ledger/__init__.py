"""Panel serial numbers: reading, checking, declaring and searching for them."""
