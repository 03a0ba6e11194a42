"""Re-runnable figures, each beside a peer or a limit: `make bench`."""
