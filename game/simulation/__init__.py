"""The rules of the arena as pure functions over integer columns: the same code runs on the server, in prediction, replays and bots' tests.

Leaves to the layers above: where maps come from (``game.maps``), what the engine asks of a game (``game.arena``), and what a player sees.
"""
