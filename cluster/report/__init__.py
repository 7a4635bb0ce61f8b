"""What a person opens after a run: the page, the image, the comparison with other runs."""
