"""Plans: what they are, what may happen to them, what is due next, and how they come about. Pure like all of core."""
