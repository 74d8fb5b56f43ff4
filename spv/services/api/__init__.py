"""What systems do through the API, and the keys they do it with."""
