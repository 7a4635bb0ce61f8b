"""Imitation before reinforcement: conversations become a trajectory table, the learner does the rest with loss `nll`."""
