"""Forms: which fields, in which words. What an answer means is for the rules."""
