"""`sluice execute`: a plan is driven by hand or headless. What is due and what may happen is judged in core alone."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.execute import changing, judging, looking, recording, running, stepping
from bot.errors import UserError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def main(run: Annotated[str, typer.Option("--inside-run", envvar="SLUICE_RUN", hidden=True)] = "") -> None:
    """Carry a plan out: headless with `run`, or step by step."""
    if run:  # the launcher says so to everything it starts
        raise UserError("an agent at work drives no plan of its own: `sluice execute` is for whoever started it")


app.command("run")(running.run)
app.command("start")(stepping.start)
app.command("next")(stepping.next_action)
app.command("dispatched")(stepping.dispatched)
app.command("record")(recording.record)
app.command("gate")(judging.gate)
app.command("approve")(judging.approve)
app.command("amend")(changing.amend)
app.command("interact")(changing.interact)
app.command("team-record")(recording.team_record)
app.command("resume")(stepping.resume)
app.command("complete")(looking.complete)
app.command("status")(looking.status)
app.command("list")(looking.list_tasks)
app.command("switch")(looking.switch)
app.command("cancel")(changing.cancel)
app.command("retry-gate")(judging.retry_gate)
app.command("retry-step")(changing.retry_step)
