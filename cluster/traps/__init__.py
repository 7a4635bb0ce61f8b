"""`parley traps`: a user against the trap bank, and what it was worth."""
