"""The ledger: every verb under one name, so that the shell sees one thing."""

from __future__ import annotations

from bot.ledger.accounts import Accounts
from bot.ledger.board import BoardVerbs
from bot.ledger.costs import Costs
from bot.ledger.crew import Crew
from bot.ledger.decisions import Decisions
from bot.ledger.deliveries import Deliveries
from bot.ledger.events import Events
from bot.ledger.figures import Figures
from bot.ledger.gates import Gates
from bot.ledger.halting import Halting
from bot.ledger.holds import Holds
from bot.ledger.items import Items
from bot.ledger.local import Local
from bot.ledger.messages import Messages
from bot.ledger.orders import Orders
from bot.ledger.plans import Plans
from bot.ledger.recall import Recall
from bot.ledger.reports import Reports
from bot.ledger.repositories import Repositories
from bot.ledger.reviews import Reviews
from bot.ledger.runs import Runs
from bot.ledger.standings import Standings
from bot.ledger.tallies import Tallies
from bot.ledger.usage import UsageVerbs
from bot.ledger.wakes import Wakes
from bot.ledger.workers import Schedules, Workers


class SqlLedger(
    Recall,
    Items,
    Runs,
    Gates,
    Halting,
    Orders,
    Messages,
    Decisions,
    Wakes,
    BoardVerbs,
    Deliveries,
    Reviews,
    Repositories,
    Reports,
    Costs,
    Standings,
    Tallies,
    UsageVerbs,
    Holds,
    Figures,
    Events,
    Plans,
    Accounts,
    Local,
    Crew,
    Workers,
    Schedules,
):
    """On SQLite or PostgreSQL, by one code. Implements `bot.context.Ledger`; each verb is one transaction."""
