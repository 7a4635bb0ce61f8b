"""How a simulated user thinks aloud: the grammar of its turns, a strict parser that never repairs, and the way back."""
