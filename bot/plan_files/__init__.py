"""A plan as files: `plan.json` for programs, `plan.md` for people, who may edit it."""
