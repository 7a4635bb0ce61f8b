"""`python -m cluster` is `parley`."""

from cluster.cli import main

if __name__ == "__main__":
    main()
