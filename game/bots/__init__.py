"""Players without people: pilots that look at a world and answer with a command, as a client would. They see no more than a player's view.

Leaves to the layers above: who seats them (a server's settings, a headless client) and when they are asked.
"""

from game.bots.bot import Bot
from game.bots.skill import LEVELS, Skill

__all__ = ["LEVELS", "Bot", "Skill"]
