"""Mutations, by noun. Each calls one verb of the hub: permissions, logging and events are the verbs'."""
