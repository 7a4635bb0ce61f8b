"""The reasoning user: profiles, SOPs with a truth table, a dynamic state, a strict trace, traps and rule rewards."""
