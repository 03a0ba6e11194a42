"""A GitHub on this machine: what `sluice demo`, the tests and the benchmarks talk to. It knows nothing of the bot."""
