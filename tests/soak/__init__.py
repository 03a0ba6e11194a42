"""`make soak`: small worlds drained while GitHub fails by a seed and Sluice is killed, each judged at its end.

| file | its job |
|---|---|
| schedule.py | from a seed to a schedule: the items, what goes wrong, when the process dies; pure |
| stage.py | one such world: the people who act in it, and time that goes by |
| judge.py | what is wrong with it: items lost or done twice, something left, a limit overrun |
| life.py | one life of the process that holds Sluice, until it is killed or the world is judged |
| runner.py | many seeds side by side, each worker with a localhub of its own |
"""
