"""The learner: credit in, weights out. Read `assignment`, `plan`, `rank` and `rank_group`, in this order."""
