"""The swarm: scenarios drawn from seeds, thousands of them, and what must hold in each whatever was drawn.

    python -m tests.swarm --seeds 1..200 --json          replay one: --seeds 4711..4711

``drawing`` turns a seed into a plan (game, clients, weather, what happens and when), ``games`` makes server and clients, ``checks`` says
what must hold, ``run`` plays one plan, ``__main__`` many.
"""
