"""Wake-ups, timers, one pass at a time per item, agent runs: the only place that knows the durable engine."""

from bot.engine.adoption import Heartbeat
from bot.engine.dbos_engine import DbosEngine
from bot.engine.loop import Loop
from bot.engine.schedules import Schedules, standing

__all__ = ["DbosEngine", "Heartbeat", "Loop", "Schedules", "standing"]
