"""Writing comments and reactions."""

from __future__ import annotations

from localhub import comments, permissions
from localhub.comments import Reactable
from localhub.graphql.errors import Refusal, unknown_node
from localhub.graphql.mutations.base import Input, MutationView
from localhub.graphql.reactions import WORDS, ReactableView
from localhub.graphql.view import Plain
from localhub.model import Comment, Issue


class CommentMutations(MutationView):
    types = ("Mutation",)

    def add_comment(self, input: Input) -> Plain:
        issue = self.context.find(input["subject_id"], Issue)
        made = comments.add_comment(self.hub, self.caller, issue, input["body"])
        edge = {"cursor": made.node_id, "node": made}
        return {"commentEdge": edge, "timelineEdge": edge, "subject": issue}

    def update_issue_comment(self, input: Input) -> Plain:
        comment = self.context.find(input["id"], Comment)
        return {"issueComment": comments.edit_comment(self.hub, self.caller, comment, input["body"])}

    def delete_issue_comment(self, input: Input) -> Plain:
        comments.delete_comment(self.hub, self.caller, self.context.find(input["id"], Comment))
        return {}

    def add_reaction(self, input: Input) -> Plain:
        subject = self._subject(input)
        reaction, _ = comments.react(self.hub, self.caller, subject, WORDS[input["content"]])
        return {"reaction": reaction, "subject": subject, "reactionGroups": self._groups(subject)}

    def remove_reaction(self, input: Input) -> Plain:
        subject = self._subject(input)
        word = WORDS[input["content"]]
        mine = [each for each in subject.reactions if each.user is self.caller.actor and each.content == word]
        if not mine:
            raise Refusal("UNPROCESSABLE", "Could not find reaction to remove")
        comments.unreact(self.hub, self.caller, subject, mine[0])
        return {"reaction": mine[0], "subject": subject, "reactionGroups": self._groups(subject)}

    def minimize_comment(self, input: Input) -> Plain:
        return {"minimizedComment": self._minimized(input, input["classifier"].lower().replace("_", "-"))}

    def unminimize_comment(self, input: Input) -> Plain:
        return {"unminimizedComment": self._minimized(input, None)}

    def _subject(self, input: Input) -> Reactable:
        subject = self.context.find(input["subject_id"], object)
        if not isinstance(subject, Reactable):
            raise unknown_node(input["subject_id"])
        return subject

    def _groups(self, subject: Reactable) -> list[Plain]:
        return ReactableView(subject, self.context).reaction_groups()

    def _minimized(self, input: Input, reason: str | None) -> Comment:
        """Authors hide their own comments, others need write access. GitHub sends no event for it."""
        comment = self.context.find(input["subject_id"], Comment)
        own = comment.author is self.caller.actor
        permissions.require(self.caller, comment.issue.repo, "read" if own else "write", comments.scope_of(comment))
        comment.minimized_reason = reason
        issue = comment.issue
        verb = "comment minimized" if reason else "comment unminimized"
        self.hub.record(self.caller.actor, verb, f"{issue.repo.full_name}#{issue.number}")
        return comment
