"""What becomes of groups: which tasks they play, when they are dispatched, taken and dropped, and the record of it."""
