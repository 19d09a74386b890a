"""Interleavings of sessions over the real functions: `python -m proof interleavings --help`.

gates.py, explorer.sql   a clock that only the explorer moves; gates inside the functions
plan.py                  calls, programs of sessions, scenarios
head.py, reference.py    what can be called, and the situations, at head and at revision 0001
scenarios.py             which sessions meet
session.py, stage.py     sessions that are not waited for; one schedule is played
search.py                which schedules, and in which order
history.py, judge.py     what must be true of each
check.py, workers.py     many scenarios on one database; in several processes
replay.py                a broken schedule as a file
"""
