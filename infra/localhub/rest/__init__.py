"""The REST API: one router per noun. Handlers find the records, call a verb and render; they decide nothing."""

from localhub.rest.actions import router as actions
from localhub.rest.apps import router as apps
from localhub.rest.checks import router as checks
from localhub.rest.comments import router as comments
from localhub.rest.contents import router as contents
from localhub.rest.issues import router as issues
from localhub.rest.people import router as people
from localhub.rest.projects import router as projects
from localhub.rest.pulls import router as pulls
from localhub.rest.refs import router as refs
from localhub.rest.relations import router as relations
from localhub.rest.repos import router as repos
from localhub.rest.reviews import router as reviews

ROUTERS = (people, apps, repos, contents, refs, comments, issues, relations, reviews, pulls, checks, actions, projects)
