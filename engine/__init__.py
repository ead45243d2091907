"""Skirmish's engine: an authoritative game server's tick sync, prediction, delta snapshots and lobby, for any game with a schema and a step.

Start at :mod:`engine.contract` (what a game gives) and :mod:`engine.session` (what it gets). ``engine/PROTOCOL.md`` has every byte.
"""
