"""Running it: configuration, the main loop, the ledger, evaluation, reports, the command line."""
