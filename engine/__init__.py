"""Skirmish's engine: tick sync, prediction, delta snapshots and lobby of an authoritative server, for any game with a schema and a step.

Start at :mod:`engine.contract` (what a game gives) and :mod:`engine.session` (what it gets). ``engine/PROTOCOL.md`` has every byte.
"""
