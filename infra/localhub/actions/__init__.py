"""GitHub Actions on this machine: runs the `run:` steps of a repository's own workflow files.

Started by push, pull_request, workflow_dispatch and repository_dispatch. Not simulated, and said so in the job's log:
other actions than checkout and setup-python, matrices, containers, services, secrets, parts of the expression
language. Not simulated silently: other events, `permissions`, `concurrency`, `environment`; `if: always()` steps of a
cancelled run do not run. A pull_request run sees the head commit, not GitHub's test merge commit.
"""

from localhub.actions.registry import find, workflows
from localhub.actions.start import cancel, dispatch, dispatch_repository, listener, rerun

__all__ = ["cancel", "dispatch", "dispatch_repository", "find", "listener", "rerun", "workflows"]
