"""The pygame client: window, screens, the arena as a player sees it, sound, input.

Draws worlds and turns keys into command fields. Leaves to the layers below: what the rules are (``game.simulation``), and how worlds
arrive and commands leave (``engine.session``).
"""
