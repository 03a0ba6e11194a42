"""`[github]` of the settings: where GitHub is, and who Sluice is there."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from bot.settings.part import Part


class GitHubSettings(Part):
    api_url: str = Field("https://api.github.com", description="where the API is; localhub's address for a trial")
    git_url: str = Field("https://github.com", description="where repositories are cloned from")
    token: SecretStr | None = Field(None, description="a token of the bot's account; or use a GitHub App")
    app_id: int | None = Field(None, description="GitHub App: its id")
    private_key_file: Path | None = Field(None, description="GitHub App: the file with its private key")
    private_key: SecretStr | None = Field(None, description="GitHub App: or the key itself, from the environment")
    installation_id: int | None = Field(
        None, description="GitHub App: the one installation to use; absent: that of each board's owner"
    )
    login: str | None = Field(None, description="the login Sluice writes as; asked of GitHub when absent")
    timeout_seconds: float = Field(20.0, ge=1, le=600, description="how long an answer of the API is waited for")
    webhook_secret: SecretStr | None = Field(
        None, description="the secret webhooks are signed with; absent: no webhooks"
    )

    @model_validator(mode="after")
    def one_identity(self) -> GitHubSettings:
        key = self.private_key_file or self.private_key
        if bool(self.app_id) != bool(key) or (self.installation_id and not key):
            raise ValueError("a GitHub App needs app_id and private_key_file (or SLUICE_GITHUB__PRIVATE_KEY)")
        return self
