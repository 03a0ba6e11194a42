"""Who may do what: roles as GitHub's permission endpoint names them, and what each is good for."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """A person's role in a repository, rising; custom roles count as what GitHub's `permission` maps them to."""

    NONE = 0
    READ = 1
    TRIAGE = 2
    WRITE = 3
    MAINTAIN = 4
    ADMIN = 5

    @classmethod
    def named(cls, role_name: str, permission: str) -> Role:
        """From `role_name` and `permission` of GET .../collaborators/{user}/permission."""
        for name in (role_name, permission):
            if name.upper() in cls.__members__:
                return cls[name.upper()]
        return cls.NONE


START = Role.WRITE  # may give the go-ahead
STOP = Role.TRIAGE  # may stop work by moving the card
NEEDED = {  # what a comment command takes; every other verb takes WRITE
    "merge": Role.MAINTAIN,
    "approve": Role.MAINTAIN,
    "budget": Role.MAINTAIN,
    "pause all": Role.MAINTAIN,
    "resume all": Role.MAINTAIN,
}


def needed_for(verb: str) -> Role:
    return NEEDED.get(verb, Role.WRITE)
