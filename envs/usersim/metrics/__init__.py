"""The statistics of the user benchmark: pure functions over scored items. Sections 12.1 and 14 of the specification."""
