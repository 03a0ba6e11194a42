"""The crew: agents created on the command line or by a program, each carried by a process of its own.

No service is needed and none is in the way: what `sluice serve` runs and what these run is admitted by one ledger.
"""
