"""`parley eval`: an agent measured on held-out tasks, without a learner."""
