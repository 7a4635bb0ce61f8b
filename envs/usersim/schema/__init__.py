"""What a simulated user is, what it is called about, and what changes while it talks: versioned, frozen data."""
