"""`[boards."owner/number"]` of the settings: what a board's columns and fields are called."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, SecretStr, model_validator

from bot.core.board import Columns, Kept
from bot.settings.part import Part


class BoardSettings(Part):
    ready: str = Field("Ready", description="cards here are waiting to be worked on")
    in_progress: str = Field("In Progress", description="an agent works on it")
    in_review: str = Field("In Review", description="its pull request is open")
    needs_person: str = Field("Needs a person", description="only a person can free it")
    done: str = Field("Done", description="over")
    priority_field: str = Field("Priority", description="the field that orders Ready; lower first")
    peer_field: str | None = Field(None, description="a text field kept for people: which agent works on it")
    attempts_field: str | None = Field(None, description="a number field: how often an agent tried")
    cost_field: str | None = Field(None, description="a number field: what it cost so far, in dollars, where known")
    pull_request_field: str | None = Field(None, description="a text field: the address of its pull request")
    status_update_hours: float | None = Field(
        None, gt=0, description="a status update is posted on the board after a sweep with news, at most this often"
    )
    draft_repository: str | None = Field(None, description="where drafts of this board become issues")
    token: SecretStr | None = Field(None, description="a token for this board alone; a person's board needs one")

    @model_validator(mode="after")
    def one_meaning_each(self) -> BoardSettings:
        names = [self.ready, self.in_progress, self.in_review, self.needs_person, self.done]
        fields = [name for name in (self.priority_field, *self.kept().kinds()) if name]
        for what, given in (("column", names), ("field", ["Status", *fields])):
            if twice := _named_twice(given):
                raise ValueError(f"the {what} {', '.join(twice)} is named for two purposes")
        return self

    def kept(self) -> Kept:
        named = (self.peer_field, self.attempts_field, self.cost_field, self.pull_request_field)
        return Kept(*(name or "" for name in named))

    def columns(self) -> Columns:
        return Columns(self.ready, self.in_progress, self.in_review, self.needs_person, self.done)


def _named_twice(names: Sequence[str]) -> list[str]:
    folded = [name.casefold() for name in names]
    return sorted({name for name in names if folded.count(name.casefold()) > 1})
