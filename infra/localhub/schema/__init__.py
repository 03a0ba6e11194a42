"""GitHub's official GraphQL schema, stored compact, and the newer fields the stored copy lacks."""
