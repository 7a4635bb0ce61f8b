"""What a run leaves: its folder, metrics, W&B, summary, plots, models."""
