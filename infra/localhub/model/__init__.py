"""What localhub holds: plain records, no behaviour.

Times are aware UTC datetimes. `node_id` is the GraphQL id, `id` the REST database id. A record never knows JSON or
GraphQL shapes: `rest/` and `graphql/` render it. Verbs that change records live in modules named after the noun
(issues.py, pulls.py, projects.py, checks.py ...) and are the only writers.
"""

from localhub.model.checks import CheckRun as CheckRun
from localhub.model.checks import CheckStatus as CheckStatus
from localhub.model.checks import CheckSuite as CheckSuite
from localhub.model.checks import CommitStatus as CommitStatus
from localhub.model.checks import Conclusion as Conclusion
from localhub.model.checks import JobStep as JobStep
from localhub.model.deliveries import Delivery as Delivery
from localhub.model.issues import Comment as Comment
from localhub.model.issues import Issue as Issue
from localhub.model.issues import Reaction as Reaction
from localhub.model.issues import TimelineEvent as TimelineEvent
from localhub.model.people import Actor as Actor
from localhub.model.people import App as App
from localhub.model.people import Permission as Permission
from localhub.model.people import Token as Token
from localhub.model.projects import DraftIssue as DraftIssue
from localhub.model.projects import FieldOption as FieldOption
from localhub.model.projects import FieldValue as FieldValue
from localhub.model.projects import Iteration as Iteration
from localhub.model.projects import Project as Project
from localhub.model.projects import ProjectField as ProjectField
from localhub.model.projects import ProjectItem as ProjectItem
from localhub.model.projects import StatusUpdate as StatusUpdate
from localhub.model.pulls import PullRequest as PullRequest
from localhub.model.pulls import Review as Review
from localhub.model.pulls import ReviewComment as ReviewComment
from localhub.model.pulls import ReviewThread as ReviewThread
from localhub.model.repos import Label as Label
from localhub.model.repos import Protection as Protection
from localhub.model.repos import Repo as Repo
from localhub.model.workflows import Workflow as Workflow
from localhub.model.workflows import WorkflowRun as WorkflowRun
