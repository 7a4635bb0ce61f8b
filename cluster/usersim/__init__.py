"""What the two benchmarks of simulated users share: who is measured, with which config, what was played, and two compared."""
