"""Everything that looks at a run while it goes on: health, guards, status."""
