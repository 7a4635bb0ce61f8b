"""Before anything is learned: does it fit, whose folder is it, models, imitation, actors."""
