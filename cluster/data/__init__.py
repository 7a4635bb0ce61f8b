"""`parley data`: what tasks there are, tasks from and for others' files, a run's trajectories for others' trainers."""
