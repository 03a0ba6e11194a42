"""What localhub refuses, as exceptions with GitHub's own status, GraphQL `type` and sentence.

    HubError
    ├── BadCredentials      401
    ├── Forbidden           403  FORBIDDEN
    │   └── InsufficientScopes   INSUFFICIENT_SCOPES; REST: 404
    ├── RateLimited         403 or 429
    │   ├── Exhausted            RATE_LIMIT or RATE_LIMITED; the hour is used up
    │   └── TooFast              UNPROCESSABLE; a secondary limit
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
    rest_message: str | None = None  # where REST says it in other words

    def __init__(self, message: str | None = None, errors: Sequence[Mapping[str, str]] = ()) -> None:
        self.message = message or self.default
        self.errors = [dict(entry) for entry in errors]
        self.headers: dict[str, str] = {}  # what the answer says beside its body
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
    """A classic token without the scope; REST says that nothing is there."""

    status = 404
    graphql_type = "INSUFFICIENT_SCOPES"
    rest_message = "Not Found"


class RateLimited(HubError):
    """The caller has done too much, or does it too fast."""


class Exhausted(RateLimited):
    """The hour of one resource is used up."""

    def __init__(self, subject: str, status: int, graphql_type: str) -> None:
        super().__init__(f"API rate limit exceeded for {subject}.")
        self.subject = subject
        self.status = status
        self.graphql_type = graphql_type


class TooFast(RateLimited):
    """A secondary limit: to be tried again after so many seconds."""

    SENTENCE = "You have exceeded a secondary rate limit{}. Please wait a few minutes before you try again."
    CREATING = " and have been temporarily blocked from content creation"
    graphql_message = "was submitted too quickly"  # what one mutation of several is told

    def __init__(self, wait: int, status: int = 403, *, creating: bool = False) -> None:
        super().__init__(self.SENTENCE.format(self.CREATING if creating else ""))
        self.status = status
        self.headers = {"retry-after": str(wait)}


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
