"""`parley play`: a person takes a seat in a gym."""
