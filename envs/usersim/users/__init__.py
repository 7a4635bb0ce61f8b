"""Users that need no model: they decide by rule, think aloud in fixed words, and write traces that the strict parser reads."""
