"""GraphQL over GitHub's whole official schema: what is simulated answers, what is not says so."""
