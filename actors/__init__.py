"""Who acts: engines, transcripts, rollout workers, judges, and the pools they live in."""
