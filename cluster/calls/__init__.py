"""`parley eval --usersim`: users in whole calls, and what they were worth."""
