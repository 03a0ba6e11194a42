"""Reactions, for everything that can be reacted to, and GraphQL's words for them."""

from __future__ import annotations

from typing import Any

from localhub.graphql.connections import connection, ordered
from localhub.graphql.view import Plain, View, read
from localhub.model import Actor, Reaction

WORDS = {
    "THUMBS_UP": "+1", "THUMBS_DOWN": "-1", "LAUGH": "laugh", "HOORAY": "hooray",
    "CONFUSED": "confused", "HEART": "heart", "ROCKET": "rocket", "EYES": "eyes",
}  # fmt: skip
CONTENTS = {word: content for content, word in WORDS.items()}


class ReactableView(View[Any]):
    """Mixed into issues, pull requests and comments."""

    def reactions(self, content: str | None = None, order_by: Any = None, **page: Any) -> Plain:
        found = [each for each in self.record.reactions if content is None or CONTENTS[each.content] == content]
        viewer_reacted = any(each.user is self.caller.actor for each in self.record.reactions)
        created = {"CREATED_AT": lambda each: each.id}
        return connection(ordered(found, order_by, created), page, viewerHasReacted=viewer_reacted)

    def reaction_groups(self) -> list[Plain]:
        """Always all eight, as on GitHub, those nobody chose with nobody in them."""
        return [self._group(content, word) for content, word in WORDS.items()]

    def viewer_can_react(self) -> bool:
        return True

    def _group(self, content: str, word: str) -> Plain:
        mine = [each for each in self.record.reactions if each.content == word]
        return {
            "__typename": "ReactionGroup",
            "content": content,
            "createdAt": mine[0].created_at if mine else None,
            "subject": self.record,
            "reactions": mine,
            "viewerHasReacted": any(each.user is self.caller.actor for each in mine),
        }


class ReactionGroupView(View[Plain]):
    types = ("ReactionGroup",)

    def users(self, **page: Any) -> Plain:
        when = {each.user: each.created_at for each in self.record["reactions"]}
        return connection(list(when), page, lambda user: {"reactedAt": when[user]})

    def reactors(self, **page: Any) -> Plain:
        return self.users(**page)


class ReactionView(View[Reaction]):
    types = ("Reaction",)
    plain = read(id="node_id", databaseId="id", createdAt="created_at")

    def content(self) -> str:
        return CONTENTS[self.record.content]

    def user(self) -> Actor:
        return self.record.user
