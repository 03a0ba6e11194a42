"""What localhub refuses, as exceptions with GitHub's own status, GraphQL `type` and sentence.

    HubError
    ├── BadCredentials      401
    ├── Forbidden           403  FORBIDDEN
    │   └── InsufficientScopes   INSUFFICIENT_SCOPES
    ├── NotFound            404  NOT_FOUND
    ├── NotMergeable        405  UNPROCESSABLE
    ├── NotSimulated        501  NOT_SIMULATED: what GitHub knows and localhub does not
    ├── Conflict            409  UNPROCESSABLE
    │   └── StaleData            STALE_DATA
    └── Unprocessable       422  UNPROCESSABLE

Verbs raise them; `rest/` turns them into a status and a body, `graphql/` into an entry of `errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class HubError(Exception):
    """Any refusal; `errors` is the list of field errors a 422 carries."""

    status = 400
    graphql_type = "UNPROCESSABLE"
    default = "Bad Request"
    accepted: str | None = None  # the App permission that would have been enough: `x-accepted-github-permissions`

    def __init__(self, message: str | None = None, errors: Sequence[Mapping[str, str]] = ()) -> None:
        self.message = message or self.default
        self.errors = [dict(entry) for entry in errors]
        super().__init__(self.message)


class BadCredentials(HubError):
    status = 401
    graphql_type = "UNAUTHENTICATED"
    default = "Bad credentials"


class Forbidden(HubError):
    status = 403
    graphql_type = "FORBIDDEN"
    default = "Resource not accessible by integration"


class InsufficientScopes(Forbidden):
    graphql_type = "INSUFFICIENT_SCOPES"


class NotFound(HubError):
    status = 404
    graphql_type = "NOT_FOUND"
    default = "Not Found"


class NotMergeable(HubError):
    status = 405
    default = "Pull Request is not mergeable"


class NotSimulated(HubError):
    status = 501
    graphql_type = "NOT_SIMULATED"


class Conflict(HubError):
    status = 409
    default = "Conflict"


class StaleData(Conflict):
    graphql_type = "STALE_DATA"


class Unprocessable(HubError):
    status = 422
    default = "Validation Failed"
