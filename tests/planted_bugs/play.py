"""Bugs in what the players see and do: prediction, interpolation, lag compensation, sessions."""

from __future__ import annotations

from typing import Final

from tests.planted_bugs.bug import Bug

TIMELINE: Final = (
    Bug(
        "prediction_replays_one_command_too_few",
        "engine/timeline/prediction.py",
        """        world = self._ring[(start + coasted) % RING_TICKS]
        world.copy_from(self._authority)
        self._motion.advance(world, min(coasted, self._ticks_max))  # after a longer silence: stand, rather than glide away
        world.tick = start + coasted
        for tick in range(start + coasted + 1, newest + 1):
""",
        """        world = self._ring[(start + coasted + (newest > start)) % RING_TICKS]
        world.copy_from(self._authority)
        self._motion.advance(world, min(coasted, self._ticks_max))  # after a longer silence: stand, rather than glide away
        world.tick = start + coasted + (newest > start)
        for tick in range(start + coasted + 2, newest + 1):
""",
        "After each correction the player is one command behind.",
        "tests/timeline",
    ),
    Bug(
        "compared_without_private_columns",
        "engine/timeline/prediction.py",
        "own, expected = self._authority.cells[self._own.all], predicted.cells[self._own.all]\n",
        "own, expected = [w.cells[self._own.all[self._own.all < w.schema.public_cells]] for w in (self._authority, predicted)]\n",
        "Ammunition and cooldowns that were predicted wrong stay wrong.",
        "tests/timeline",
    ),
    Bug(
        "picked_up_thing_flickers_back",
        "engine/timeline/prediction.py",
        "if self._touched_newest > self._authority.tick:",
        "if self._touched_newest < 0:",
        "What the player has just picked up comes back until the server has seen it.",
        "tests/timeline",
    ),
    Bug(
        "correction_not_reset_on_respawn",
        "engine/timeline/correction.py",
        "self._values *= same & ~teleported[own.linear_rows]",
        "self._values *= ~teleported[own.linear_rows]",
        "A player who respawns slides to his new place.",
        "tests/timeline",
    ),
    Bug(
        "correction_shown_the_wrong_way",
        "engine/timeline/correction.py",
        "error = before.cells[own.linear].astype(np.float64) - after.cells[own.linear]",
        "error = after.cells[own.linear].astype(np.float64) - before.cells[own.linear]",
        "A correction is doubled on the screen instead of hidden.",
        "tests/timeline",
    ),
    Bug(
        "rewind_not_limited",
        "engine/timeline/lag_compensation.py",
        "self._oldest = self._step - self._rewind_max",
        "self._oldest = 0",
        "A client shoots at where everybody stood a second ago.",
        "tests/timeline",
    ),
    Bug(
        "rewind_one_tick_off",
        "engine/timeline/lag_compensation.py",
        "divmod(self._tick * FRACTIONS - age, FRACTIONS)",
        "divmod((self._tick - 1) * FRACTIONS - age, FRACTIONS)",
        "Shots are judged a tick before what was on the screen.",
        "tests/timeline",
    ),
    Bug(
        "rewind_to_what_was_never_sent",
        "engine/timeline/lag_compensation.py",
        "sent_tick = newest_sent_tick if newest_sent_tick < tick else tick - 1",
        "sent_tick = tick - 1",
        "A client claims to have seen a tick that it was not told yet.",
        "tests/timeline",
    ),
    Bug(
        "interpolation_time_runs_backwards",
        "engine/timeline/interpolation.py",
        """            moved = 0.0
        else:
            most = SPEED_CHANGE_MAX * plain
            # A target ahead of us means that the delay may shrink: no haste. Behind us: we are about to run dry.
            time_constant_s = SHRINK_TIME_S if error > 0 else GROW_TIME_S
            moved = plain + min(most, max(-most, error * -math.expm1(-elapsed / time_constant_s)))
        before = self._time
        limit = self._newest + EXTRAPOLATION_S_MAX * self._rate
        self._time = max(before, min(before + moved, limit))
""",
        """            moved = plain + error
        else:
            most = SPEED_CHANGE_MAX * plain
            # A target ahead of us means that the delay may shrink: no haste. Behind us: we are about to run dry.
            time_constant_s = SHRINK_TIME_S if error > 0 else GROW_TIME_S
            moved = plain + min(most, max(-most, error * -math.expm1(-elapsed / time_constant_s)))
        before = self._time
        limit = self._newest + EXTRAPOLATION_S_MAX * self._rate
        self._time = min(before + moved, limit)
""",
        "When snapshots come much later than before, everybody jumps back.",
        "tests/timeline",
    ),
    Bug(
        "extrapolation_without_end",
        "engine/timeline/interpolation.py",
        "limit = self._newest + EXTRAPOLATION_S_MAX * self._rate",
        "limit = self._newest + 1e9",
        "While no snapshot comes, everybody runs through the walls.",
        "tests/timeline",
    ),
    Bug(
        "server_makes_up_for_everything",
        "engine/timeline/accumulator.py",
        "surplus = due - self._catch_up_ticks_max",
        "surplus = due - 3600",
        "A server that stood still runs a minute of ticks at once, and is late again.",
        "tests/timeline",
    ),
    Bug(
        "clock_steers_the_wrong_way",
        "engine/timeline/command_clock.py",
        "error = goal - self._adjustment\n",
        "error = self._adjustment - goal\n",
        "Commands that come late make the clock slower.",
        "tests/timeline",
    ),
)

SESSION: Final = (
    Bug(
        "baseline_kept_for_a_new_connection",
        "engine/session/match.py",
        "        state.baseline = ClientBaseline()\n",
        "",
        "Who takes over a seat gets deltas on what the last player held.",
        "tests/session",
    ),
    Bug(
        "commands_kept_for_a_new_connection",
        "engine/session/match.py",
        "        state.buffer = CommandBuffer(self.game.command)\n",
        "",
        "Who takes over a seat is played by the last player's commands.",
        "tests/session",
    ),
    Bug(
        "announcement_told_twice",
        "engine/session/announcements.py",
        "        if number <= self.newest:\n            return False\n        self.newest = number",
        "        if number < self.newest:\n            return False\n        self.newest = number",
        "What a datagram brought first is told again when the control connection brings it.",
        "tests/session",
    ),
    Bug(
        "announcement_out_of_order",
        "engine/session/announcements.py",
        "            if announcement.number == newest + 1:\n                newest += 1",
        "            if announcement.number > newest:\n                newest = announcement.number",
        "A later event that comes first makes the earlier one count as told.",
        "tests/session",
    ),
    Bug(
        "announcements_acknowledged_that_did_not_come",
        "engine/session/client_match.py",
        "_HEARD_HEAD + self.feed.newest.to_bytes(4)",
        "_HEARD_HEAD + (self.feed.newest + 1).to_bytes(4)",
        "A client says that it has the announcement after its newest, and nobody sends it that one any more.",
        "tests/session",
    ),
    Bug(
        "announcements_of_the_last_player",
        "engine/session/match.py",
        "            state.repetition = Repetition(self.announcements.newest)  # as its ticket will say\n",
        "            pass\n",
        "Who takes over a seat is told by datagram what had been announced before he came.",
        "tests/session",
    ),
    Bug(
        "announcements_forgotten_with_the_connection",
        "engine/session/match.py",
        "            state.repetition.reconnected()\n",
        "            state.repetition = Repetition(self.announcements.newest)\n",
        "What a player of a large match missed while his connection was away is never told.",
        "tests/session",
    ),
    Bug(
        "announcements_that_wait_lost_at_a_failure",
        "engine/session/host.py",
        "        self._announce(match, everything=True)\n",
        "",
        "Among many players the last events before a game broke down are told to nobody.",
        "tests/session",
    ),
    Bug(
        "commands_apart_before_the_clock_is_ahead",
        "engine/timeline/command_clock.py",
        "        self._apart_ticks = min(self._apart_ticks, ticks)",
        "        self._apart_ticks = ticks",
        "When a server becomes slow, everybody's commands come too late for a while.",
        "tests/session",
    ),
    Bug(
        "snapshots_of_a_slowed_server_wait_for_their_acknowledgement",
        "engine/session/client_match.py",
        "(apart - 1 if self.decoder.newest_tick != self._told_tick else apart)",
        "apart",
        "A server that has too much to do builds its snapshots on the last but one, and they are larger.",
        "tests/session",
    ),
    Bug(
        "pace_from_the_network_unchecked",
        "engine/session/client_match.py",
        "        if not 1 <= apart_ticks <= PACE_TICKS_MAX:\n            return\n",
        "",
        "A server may tell a client to send one command message in 255 ticks, and 0 breaks its clock.",
        "tests/session",
    ),
    Bug(
        "acknowledgements_do_not_wait",
        "engine/datagram/outgoing.py",
        "max(self._limits.ack_delay_max_s, ACK_DELAY_SHARE * every_s)",
        "self._limits.ack_delay_max_s",
        "Where messages are further apart, acknowledgements go by themselves: as many datagrams as before.",
        "tests/session",
    ),
    Bug(
        "pace_of_a_slowed_server_kept_for_ever",
        "engine/session/client_match.py",
        "if apart_ticks != self.clock.apart_ticks_wanted:",
        "if apart_ticks > self.clock.apart_ticks_wanted:",
        "After a server was slow once, its players go on sending it less.",
        "tests/session",
    ),
    Bug(
        "too_early_commands_not_asked_for_again",
        "engine/session/match.py",
        "        if buffer.wants_all:\n            state.reader.forget()\n",
        "",
        "A command that came too early to be kept is passed over when it is repeated.",
        "tests/session",
    ),
    Bug(
        "reader_of_commands_kept_for_a_new_connection",
        "engine/session/match.py",
        "        state.reader = CommandReader(self.game.command)\n",
        "",
        "After a new ticket the commands that the old buffer held are not read again.",
        "tests/session",
    ),
    Bug(
        "announcements_that_wait_lost_at_the_end",
        "engine/session/host.py",
        "self._announce(match, everything=ends)",
        "self._announce(match, everything=False)",
        "Among many players the last events of a match are told when it is over, to nobody.",
        "tests/session",
    ),
    Bug(
        "one_way_network_looks_fine",
        "engine/session/client_match.py",
        "self.carrier.answered(self.connection.acknowledged_at)",
        "self.carrier.answered(now)",
        "Where only the server's datagrams get through, the player stands still for ever.",
        "tests/session",
    ),
    Bug(
        "confirmed_commands_kept",
        "engine/session/client_match.py",
        "self._pending[0].tick <= feedback.newest_command_tick:",
        "self._pending[0].tick < feedback.newest_command_tick - 60:",
        "Every message carries 32 commands, most of which the server has.",
        "tests/session",
    ),
    Bug(
        "claim_of_the_screen_ignored",
        "engine/session/match.py",
        "                    view_tick,\n                    view_fraction,",
        "                    tick,\n                    0,",
        "Lag compensation judges every shot by the present.",
        "tests/session",
    ),
    Bug(
        "pace_never_recovers",
        "engine/session/budget.py",
        "STEP_S: Final = 2.0",
        "STEP_S: Final = 1e9",
        "A client whose line was full for a moment gets few snapshots for the rest of the match.",
        "tests/session",
    ),
)

BUGS: Final = (*TIMELINE, *SESSION)
