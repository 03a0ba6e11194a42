"""People, organizations, Apps and installations as REST JSON."""

from __future__ import annotations

from localhub.hub import Hub
from localhub.model import Actor, App
from localhub.render.base import Json, moment

USER_LINKS = {
    "followers_url": "/followers", "following_url": "/following{/other_user}", "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}", "subscriptions_url": "/subscriptions", "organizations_url": "/orgs",
    "repos_url": "/repos", "events_url": "/events{/privacy}", "received_events_url": "/received_events",
}  # fmt: skip
ORG_LINKS = {
    "repos_url": "/repos", "events_url": "/events", "hooks_url": "/hooks", "issues_url": "/issues",
    "members_url": "/members{/member}", "public_members_url": "/public_members{/member}",
}  # fmt: skip


def user(hub: Hub, actor: Actor) -> Json:
    """A user, bot or organization in the short shape that other objects embed."""
    url = f"{hub.base_url}/users/{actor.login}"
    page = f"{hub.base_url}/apps/{actor.login.removesuffix('[bot]')}" if actor.kind == "Bot" else None
    return {
        "login": actor.login,
        "id": actor.id,
        "node_id": actor.node_id,
        "avatar_url": f"{hub.base_url}/avatars/{actor.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": page or f"{hub.base_url}/{actor.login}",
        **{key: url + tail for key, tail in USER_LINKS.items()},
        "type": actor.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def profile(hub: Hub, actor: Actor) -> Json:
    """The long shape of `GET /users/{login}`."""
    return {**user(hub, actor), **dict.fromkeys(("hireable", "bio")), **_about(actor)}


def organization(hub: Hub, actor: Actor) -> Json:
    url = f"{hub.base_url}/orgs/{actor.login}"
    return {
        "login": actor.login,
        "id": actor.id,
        "node_id": actor.node_id,
        "url": url,
        **{key: url + tail for key, tail in ORG_LINKS.items()},
        "avatar_url": f"{hub.base_url}/avatars/{actor.id}",
        "description": actor.name,
    }


def organization_profile(hub: Hub, actor: Actor) -> Json:
    """The long shape of `GET /orgs/{login}`."""
    projects = {"has_organization_projects": True, "has_repository_projects": True, "archived_at": None}
    page = {"html_url": f"{hub.base_url}/{actor.login}", "type": actor.kind}
    return {**organization(hub, actor), **_about(actor), **projects, **page}


def _about(actor: Actor) -> Json:
    unsaid = dict.fromkeys(("company", "location", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    created = moment(actor.created_at)
    more = {"name": actor.name, "email": actor.email, "blog": "", "created_at": created, "updated_at": created}
    return {**unsaid, **counts, **more}


def app(hub: Hub, record: App) -> Json:
    created = moment(record.actor.created_at)
    return {
        "id": record.id,
        "slug": record.slug,
        "client_id": record.client_id,
        "node_id": f"A_kwDO{record.id}",
        "owner": user(hub, record.owner or record.account),
        "name": record.name or record.slug,
        "description": None,
        "external_url": record.homepage or hub.base_url,
        "html_url": f"{hub.base_url}/apps/{record.slug}",
        "created_at": created,
        "updated_at": created,
        "permissions": {"metadata": "read", **record.permissions},
        "events": record.events,
    }


def actions_app(hub: Hub) -> Json:
    """GitHub Actions as the App behind its check runs."""
    owner = {**user(hub, Actor(9919, "O_kgDOActions", "github", "Organization")), "type": "Organization"}
    return {
        "id": 15368,
        "slug": "github-actions",
        "client_id": "Iv1.05c79e9ad1f6bdfa",
        "node_id": "MDM6QXBwMTUzNjg=",
        "owner": owner,
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "external_url": "https://help.github.com/en/actions",
        "html_url": f"{hub.base_url}/apps/github-actions",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "permissions": {"actions": "write", "checks": "write", "contents": "write", "metadata": "read"},
        "events": ["check_run", "check_suite", "workflow_dispatch", "workflow_run"],
    }


def installation(hub: Hub, record: App) -> Json:
    created = moment(record.actor.created_at)
    url = f"{hub.base_url}/app/installations/{record.installation_id}"
    return {
        "id": record.installation_id,
        "account": user(hub, record.account),
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{hub.base_url}/installation/repositories",
        "html_url": f"{hub.base_url}/organizations/{record.account.login}/settings/installations",
        "app_id": record.id,
        "app_slug": record.slug,
        "client_id": record.client_id,
        "target_id": record.account.id,
        "target_type": record.account.kind,
        "permissions": {"metadata": "read", **record.permissions},
        "events": record.events,
        "repository_selection": "all" if record.repositories is None else "selected",
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "created_at": created,
        "updated_at": created,
        "suspended_by": user(hub, record.suspended_by) if record.suspended_by else None,
        "suspended_at": moment(record.suspended_at),
    }


def installation_lite(hub: Hub, record: App) -> Json:
    """What a webhook carries of the installation."""
    return {"id": record.installation_id, "node_id": f"MDIzOkluc3RhbGxhdGlvbg{record.installation_id}"}
