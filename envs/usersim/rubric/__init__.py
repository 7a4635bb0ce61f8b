"""What no rule can see of a user's turn, judged by a model on six dimensions. Section 10 of the specification."""
