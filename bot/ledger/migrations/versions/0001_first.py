"""The first shape of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.ledger.types import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "costs",
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("last_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("item", "kind", name=op.f("pk_costs")),
    )
    op.create_table(
        "deliveries",
        sa.Column("guid", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received", Utc(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("guid", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_received"), "deliveries", ["received"], unique=False)
    op.create_table(
        "facts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_facts")),
    )
    op.create_table(
        "firings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_firings")),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("board", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issue_id", sa.String(), nullable=False),
        sa.Column("column_name", sa.String(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("gone_at", Utc(), nullable=True),
        sa.Column("priority", sa.Float(), nullable=True),
        sa.Column("priority_said", sa.Float(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("go_ahead", sa.Text(), nullable=True),
        sa.Column("spent", sa.String(), nullable=False),
        sa.Column("peer_wanted", sa.String(), nullable=True),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("paused_by", sa.String(), nullable=True),
        sa.Column("parked", sa.Text(), nullable=True),
        sa.Column("asked_fresh", sa.Integer(), nullable=False),
        sa.Column("fresh_at", Utc(), nullable=True),
        sa.Column("pull_number", sa.Integer(), nullable=True),
        sa.Column("pushed_head", sa.String(), nullable=True),
        sa.Column("pushed_at", Utc(), nullable=True),
        sa.Column("stood", sa.Text(), nullable=False),
        sa.Column("approvals", sa.Text(), nullable=False),
        sa.Column("unaskable", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("more_at", Utc(), nullable=True),
        sa.Column("lane_since", Utc(), nullable=True),
        sa.Column("lane_base", sa.String(), nullable=True),
        sa.Column("first_seen", Utc(), nullable=True),
        sa.Column("heard_until", Utc(), nullable=True),
        sa.Column("done", sa.String(), nullable=True),
        sa.Column("stages", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.String(), nullable=False),
        sa.Column("agents", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
    )
    op.create_index(op.f("ix_items_repo_number"), "items", ["repo", "number"], unique=False)
    op.create_index(op.f("ix_items_repo_pull_number"), "items", ["repo", "pull_number"], unique=False)
    op.create_index(op.f("ix_items_waits_for"), "items", ["waits_for"], unique=False)
    op.create_table(
        "leases",
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("until", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_leases")),
    )
    op.create_table(
        "moves",
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("to", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("automated", sa.Boolean(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("card", "key", name=op.f("pk_moves")),
    )
    op.create_table(
        "repositories",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("live_since", Utc(), nullable=True),
        sa.Column("noted_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("repo", name=op.f("pk_repositories")),
    )
    op.create_table(
        "reviews",
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(), nullable=True),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("waits_for", sa.String(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("reviewed_sha", sa.String(), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_reviews")),
    )
    op.create_index(op.f("ix_reviews_state"), "reviews", ["state"], unique=False)
    op.create_table(
        "roles",
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("repo", "login", name=op.f("pk_roles")),
    )
    op.create_table(
        "plans",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=True),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("over", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_item"), "plans", ["item"], unique=False)
    op.create_table(
        "plan_events",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task", "number", name=op.f("pk_plan_events")),
    )
    op.create_index(op.f("ix_plan_events_at"), "plan_events", ["at"], unique=False)
    op.create_table(
        "artifacts",
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("task", "path", "step", name=op.f("pk_artifacts")),
    )
    op.create_table(
        "crew",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("deleted_at", Utc(), nullable=True),
        sa.Column("mate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew")),
    )
    op.create_index(op.f("ix_crew_folder"), "crew", ["folder"], unique=False)
    op.create_table(
        "crew_commands",
        sa.Column("mate", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("waits", sa.Text(), nullable=False),
        sa.Column("dropped", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mate", "number", name=op.f("pk_crew_commands")),
    )
    op.create_table(
        "run_events",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name=op.f("pk_run_events")),
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cron", sa.String(), nullable=True),
        sa.Column("every_seconds", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_table(
        "wakes",
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("due", Utc(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("item", name=op.f("pk_wakes")),
    )
    op.create_index(op.f("ix_wakes_due"), "wakes", ["due"], unique=False)
    op.create_table(
        "workers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("beat", Utc(), nullable=False),
        sa.Column("adopter", sa.String(), nullable=True),
        sa.Column("adopt_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("last_at", Utc(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.String(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("performed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_decisions_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_item"), "decisions", ["item"], unique=False)
    op.create_table(
        "effects",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("intended_at", Utc(), nullable=False),
        sa.Column("settled_at", Utc(), nullable=True),
        sa.Column("ok", sa.Boolean(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_effects_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effects")),
    )
    op.create_index(op.f("ix_effects_item"), "effects", ["item"], unique=False)
    op.create_table(
        "gate_runs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("used", sa.Text(), nullable=False),
        sa.Column("admitted_at", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_gate_runs_item")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_gate_runs")),
        sa.UniqueConstraint("key", name=op.f("uq_gate_runs_key")),
    )
    op.create_index(op.f("ix_gate_runs_item"), "gate_runs", ["item"], unique=False)
    op.create_table(
        "messages",
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("heard_by", sa.String(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_messages_item")),
        sa.PrimaryKeyConstraint("item", "id", name=op.f("pk_messages")),
    )
    op.create_table(
        "orders",
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("saw", sa.Text(), nullable=False),
        sa.Column("heard_at", Utc(), nullable=False),
        sa.Column("answered_at", Utc(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_orders_item")),
        sa.PrimaryKeyConstraint("item", "id", name=op.f("pk_orders")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_receipts_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_item"), "receipts", ["item"], unique=False)
    op.create_table(
        "runs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("go_ahead", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("admitted_at", Utc(), nullable=False),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("work", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("excused", sa.Integer(), nullable=False),
        sa.Column("cap", sa.Text(), nullable=True),
        sa.Column("estimate", sa.BigInteger(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_runs_item")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_runs")),
        sa.UniqueConstraint("item", "step", "head", "evidence", name=op.f("uq_runs_item_step_head_evidence")),
        sa.UniqueConstraint("key", name=op.f("uq_runs_key")),
    )
    op.create_index(op.f("ix_runs_admitted_at"), "runs", ["admitted_at"], unique=False)
    op.create_index(op.f("ix_runs_ended_at"), "runs", ["ended_at"], unique=False)
    op.create_index(op.f("ix_runs_item"), "runs", ["item"], unique=False)
    op.create_index(op.f("ix_runs_state"), "runs", ["state"], unique=False)
    op.create_table(
        "usage",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("repo", sa.String(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("input_total", sa.BigInteger(), nullable=False),
        sa.Column("cache_read", sa.BigInteger(), nullable=False),
        sa.Column("cache_write", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_1h", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_usage_item")),
        sa.PrimaryKeyConstraint("run", "model", "source", name=op.f("pk_usage")),
    )
    op.create_index(op.f("ix_usage_at"), "usage", ["at"], unique=False)
    op.create_index(op.f("ix_usage_item"), "usage", ["item"], unique=False)
    op.create_table(
        "peers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("limited_until", Utc(), nullable=True),
        sa.Column("limited_times", sa.Integer(), nullable=False),
        sa.Column("resumed_at", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_peers")),
    )


def downgrade() -> None:
    for table in (
        "peers",
        "usage",
        "runs",
        "receipts",
        "orders",
        "messages",
        "gate_runs",
        "effects",
        "decisions",
        "workers",
        "wakes",
        "schedules",
        "run_events",
        "crew_commands",
        "crew",
        "artifacts",
        "plan_events",
        "plans",
        "roles",
        "reviews",
        "repositories",
        "moves",
        "leases",
        "items",
        "firings",
        "facts",
        "deliveries",
        "costs",
    ):
        op.drop_table(table)
