"""Scripted agents, who call a simulated user: honest, pushy, setting a trap, or weak, all by the SOP's truth table."""
