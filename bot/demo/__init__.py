"""`sluice demo`: a board drained before your eyes, on this machine alone.

| file | its job |
|---|---|
| scenario.py | the items as data: what is asked, what the scripted agent does, what people do, how it must end |
| acme-widgets/ | the repository's files: a small Python project, its tests, its workflow, its `.github/sluice.toml` |
| world.py | localhub, seeded, and Sluice against it, each a process of its own |
| people.py | the people, acting through GitHub's API with tokens of their own |
| watch.py | what can be seen: the board as GitHub shows it, and what `sluice board show` says |
| table.py, report.py | the live table, and the summary or JSON at the end |
| performance.py | the whole, from the first process to the last |

It works with Sluice from outside only: a settings file, a process, and what appears on GitHub and in the ledger.
"""
