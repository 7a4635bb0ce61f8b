"""Where a run runs: a private Ray, a cluster to join, a job; and how it is asked to stop."""
