"""The eleven traps: items with benign twins, and how a user's turns are scored. Section 12 of the specification."""
