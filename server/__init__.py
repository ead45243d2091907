"""The dedicated server: rooms, matches, settings and the process that runs them.

Leaves to ``engine`` how bytes travel and to ``game`` what a match is.
"""
