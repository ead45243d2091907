"""Bugs in what the players see and do: worlds, snapshots, commands, prediction, interpolation, lag compensation, sessions."""

from __future__ import annotations

from typing import Final

from tests.planted_bugs.bug import Bug

WORLD: Final = (
    Bug(
        "generation_not_compared",
        "engine/world/blend.py",
        "            stays = earlier.cells[births] == later.cells[births]\n",
        "            stays = births == births\n",
        "A slot that is used again is drawn sliding from its old row's place to the new one's.",
        "tests/world",
    ),
    Bug(
        "angle_goes_the_long_way_round",
        "engine/world/blend.py",
        "            way -= halves  # the short way round",
        "            way -= halves - 1",
        "Turning rows drift while they are blended.",
        "tests/world",
    ),
    Bug(
        "motion_not_clamped",
        "engine/world/motion.py",
        "        np.minimum(moved, highs, out=moved)\n",
        "",
        "What moves on by itself leaves its field's range.",
        "tests/world",
    ),
    Bug(
        "owner_only_field_is_public",
        "engine/world/schema.py",
        "return tuple(field for field in self.fields if field.visible_to == visibility)",
        """order = {"owner": "everyone"}
        return tuple(field for field in self.fields if order.get(field.visible_to, field.visible_to) == visibility)""",
        "Everybody's client is told everybody's ammunition.",
        "tests/world",
    ),
    Bug(
        "freed_slot_keeps_private_values",
        "engine/world/table.py",
        "            self.private[:, slots] = 0\n",
        "            self.private[:, slots] += 0\n",
        "Who takes a seat finds the last player's private values in it.",
        "tests/world",
    ),
)

REPLICATION: Final = (
    Bug(
        "baseline_not_dropped_after_a_resync",
        "engine/replication/baselines.py",
        "if acknowledged is None or self.wants_complete or not",
        "if acknowledged is None or not",
        "A client that asks for a complete snapshot gets deltas on what it does not hold.",
        "tests/replication",
    ),
    Bug(
        "baseline_is_the_newest_sent",
        "engine/replication/baselines.py",
        "            self.acknowledged_tick = tick\n",
        "            self.acknowledged_tick = self.newest_sent_tick\n",
        "A snapshot is coded against one that may be lost.",
        "tests/replication",
    ),
    Bug(
        "old_acknowledgement_wins",
        "engine/replication/baselines.py",
        "self._was_sent(tick) and (known is None or tick > known):",
        "self._was_sent(tick):",
        "An acknowledgement that was overtaken on the way takes the baseline back.",
        "tests/replication",
    ),
    Bug(
        "acknowledged_without_having_been_sent",
        "engine/replication/baselines.py",
        "if tick is not None and self._was_sent(tick) and",
        "if tick is not None and",
        "A client acknowledges a tick that it was never sent, and gets deltas on it.",
        "tests/replication",
    ),
    Bug(
        "ring_gives_another_tick",
        "engine/replication/baselines.py",
        "return world if tick >= 0 and world.tick == tick else None",
        "return world if tick >= 0 else None",
        "A baseline that has left the ring is replaced by the world 64 ticks later.",
        "tests/replication",
    ),
    Bug(
        "baseline_with_todays_mask",
        "engine/replication/baselines.py",
        "(baseline, self._masks[acknowledged % RING_TICKS])",
        "(baseline, self._masks[tick % RING_TICKS])",
        "The baseline is taken with what the client saw another time: rows come and go for it.",
        "tests/replication",
    ),
    Bug(
        "residual_sign",
        "engine/replication/encoder.py",
        "residual[targets] = now[targets] - expected",
        "residual[targets] = expected - now[targets]",
        "What did not move as forecast is corrected the wrong way.",
        "tests/replication",
    ),
    Bug(
        "checksum_not_compared",
        "engine/replication/decoder.py",
        "if self._checksum(world) != checksum:",
        "if self._checksum(world) < 0:",
        "A client plays on with a world that is not the server's.",
        "tests/replication",
    ),
    Bug(
        "residual_out_of_range_accepted",
        "engine/replication/decoder.py",
        "if np.count_nonzero((values < layout.lows[touched]) | (values > layout.highs[touched])):",
        "if np.count_nonzero(values < layout.lows[touched]):",
        "A hostile server moves a field out of its range.",
        "tests/replication",
    ),
    Bug(
        "private_value_out_of_range_accepted",
        "engine/replication/decoder.py",
        "wrong = (values < layout.lows * alive) | (values > layout.highs * alive)",
        "wrong = values < layout.lows * alive",
        "A hostile server gives a player more ammunition than there can be.",
        "tests/replication",
    ),
    Bug(
        "new_row_out_of_range_accepted",
        "engine/replication/decoder.py",
        "if min(values) < low or max(values) > high:",
        "if min(values) < low:",
        "A hostile server names a slot or a value that does not exist.",
        "tests/replication",
    ),
    Bug(
        "snapshot_code_unbounded",
        "engine/replication/decoder.py",
        "            if not 0 <= zeros <= GOLOMB_ZEROS_MAX:",
        "            if zeros < 0:",
        "A code with any number of leading zeros overflows the working cells.",
        "tests/replication",
    ),
    Bug(
        "old_snapshot_applied",
        "engine/replication/decoder.py",
        "if newest is not None and tick <= newest:",
        "if newest is not None and tick < newest - RING_TICKS:",
        "A snapshot that was overtaken takes the world back in time.",
        "tests/replication",
    ),
    Bug(
        "interest_mask_ignored",
        "engine/replication/interest.py",
        "    if mask is None:\n        return world.public_cells()",
        "    if mask is None or seat is not None:\n        return world.public_cells()",
        "Rows that a client may not see are sent to it (a wallhack's delight).",
        "tests/replication",
    ),
    Bug(
        "private_values_of_the_neighbour",
        "engine/replication/encoder.py",
        "residuals = (shared.residuals or self._share_residuals(shared, self._private, world, ticks))[seat]",
        "residuals = (shared.residuals or self._share_residuals(shared, self._private, world, ticks))[seat - 1]",
        "A seat is sent the private values of another.",
        "tests/replication",
    ),
    Bug(
        "late_command_executed",
        "engine/replication/command_buffer.py",
        "                self._late_now += 1\n            else:",
        "                self._late_now += 1\n                self._waiting.setdefault(next_tick, entry)\n            else:",
        "A command that missed its step is executed in a later one.",
        "tests/replication",
    ),
    Bug(
        "missing_command_repeated_for_ever",
        "engine/replication/command_buffer.py",
        "        self._repeats += 1\n        return self._last, None",
        "        self._repeats = 1\n        return self._last, None",
        "A player whose network is gone runs on.",
        "tests/replication",
    ),
    Bug(
        "press_repeated",
        "engine/replication/command_buffer.py",
        "field.neutral if field.latch else value for",
        "value for",
        "One press counts again in every tick whose command is missing.",
        "tests/replication",
    ),
    Bug(
        "command_for_the_future_unbounded",
        "engine/replication/command_buffer.py",
        "if tick > next_tick + AHEAD_TICKS_MAX:",
        "if tick > next_tick + 2**31:",
        "A client fills the server's memory with commands for next year.",
        "tests/replication",
    ),
    Bug(
        "slack_of_the_luckiest_command",
        "engine/replication/command_buffer.py",
        "slack if self._slack is None else min(slack, self._slack)",
        "slack if self._slack is None else max(slack, self._slack)",
        "The client steers its clock by its best command, and the others come too late.",
        "tests/replication",
    ),
    Bug(
        "commands_per_message_unbounded",
        "engine/replication/commands.py",
        "        if count > COMMANDS_PER_MESSAGE_MAX:\n            return None\n",
        "",
        "63 commands are read where at most 32 are allowed.",
        "tests/replication",
    ),
    Bug(
        "commands_expected_unbounded",
        "engine/replication/command_reader.py",
        "min(len(sizes) + 2, COMMANDS_PER_MESSAGE_MAX)",
        "len(sizes) + 2",
        "One command more with each message, where what is expected is compared and not read.",
        "tests/replication",
    ),
)

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
        "oldest = step - self._rewind_max",
        "oldest = 0",
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
        "sent_tick = min(newest_sent_tick, self._tick - 1)",
        "sent_tick = self._tick - 1",
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
        "error = self._goal - self._adjustment\n",
        "error = self._adjustment - self._goal\n",
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

BUGS: Final = (*WORLD, *REPLICATION, *TIMELINE, *SESSION)
