"""The only place that knows GitHub's shapes: gql for GraphQL, PyGithub for REST, documents in `queries/`."""
