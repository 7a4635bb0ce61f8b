"""How a user's dynamic profile begins, changes and ends: pure functions of what was said, replayed exactly."""
