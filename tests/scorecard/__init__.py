"""How good it feels, as figures: whole arena matches in virtual time over a grid of networks. ``python -m tests.scorecard --help``."""
