"""The statistics of the user benchmarks: pure functions over scored items and whole calls. Sections 12 to 14 of the
specification."""
