"""Bugs below the game: bits, seals, acknowledgements, fragments, paths, the control connection."""

from __future__ import annotations

from typing import Final

from tests.planted_bugs.bug import Bug

WIRE: Final = (
    Bug(
        "sequence_compared_without_wrap",
        "engine/wire/sequence.py",
        "return 0 < ((a - b) & ((1 << bits) - 1)) < half",
        "return a > b",
        "After 65,535 comes 0, and 0 counts as older.",
        "tests/wire",
    ),
    Bug(
        "sequence_widened_without_wrap",
        "engine/wire/sequence.py",
        "distance = (wire - newest + half) % size - half",
        "distance = wire - newest % size",
        "Datagram 65,536 is taken for number 0 of the same round: the connection is deaf after 18 minutes at 60 Hz.",
        "tests/wire",
    ),
    Bug(
        "range_not_checked_on_reading",
        "engine/wire/bits.py",
        "if value > high:",
        "if value < low:",
        "A field of 0 to 100 takes 127 from the network.",
        "tests/wire",
    ),
    Bug(
        "golomb_code_unbounded",
        "engine/wire/bits.py",
        "if not 0 <= zeros <= GOLOMB_ZEROS_MAX:",
        "if zeros < 0:",
        "A hostile run of zeros becomes an integer of thousands of bits.",
        "tests/wire",
    ),
    Bug(
        "golomb_order_one_too_large",
        "engine/wire/codes.py",
        "ORDER_MAX: Final = 15",
        "ORDER_MAX: Final = 16",
        "Order 16 does not fit its 4 bits: rare large residuals garble the snapshot.",
        "tests/wire",
    ),
    Bug(
        "junk_behind_a_message",
        "engine/wire/bits.py",
        'if self.remaining_bits >= 8 or "1" in self.text[self.position :]:',
        "if self.remaining_bits < 0:",
        "Bytes behind the end of a message are let through: one meaning, many spellings.",
        "tests/wire",
    ),
)

DATAGRAM: Final = (
    Bug(
        "replay_window_one_too_wide",
        "engine/datagram/replay_window.py",
        "return age < WINDOW_DATAGRAMS and sequence > 0",
        "return age <= WINDOW_DATAGRAMS and sequence > 0",
        "A datagram that has just left the window is accepted a second time.",
        "tests/datagram",
    ),
    Bug(
        "replay_window_moved_before_the_seal",
        "engine/datagram/connection.py",
        """        body = self._seal_in.open(sequence, datagram[:HEADER_BYTES], datagram[HEADER_BYTES:])
        if body is None:
            self._drop(DropReason.BAD_SEAL)\n            return None

        is_newest = window.advance(sequence)
""",
        """        is_newest = window.advance(sequence)
        body = self._seal_in.open(sequence, datagram[:HEADER_BYTES], datagram[HEADER_BYTES:])
        if body is None:
            self._drop(DropReason.BAD_SEAL)\n            return None
""",
        "Forged numbers move the window, and the genuine datagrams are refused as repeats.",
        "tests/datagram",
    ),
    Bug(
        "ack_bits_shifted_by_one",
        "engine/datagram/replay_window.py",
        "return self.bits >> 1 & _ACK_MASK",
        "return self.bits & _ACK_MASK",
        "Every acknowledgement bit speaks of its neighbour: lost datagrams count as arrived.",
        "tests/datagram",
    ),
    Bug(
        "ack_of_what_was_never_sent",
        "engine/datagram/acknowledgement.py",
        "if not 0 < sequence <= self.newest:",
        "if not 0 < sequence:",
        "A peer acknowledges the future and makes its own round trip.",
        "tests/datagram",
    ),
    Bug(
        "ack_delay_not_subtracted",
        "engine/datagram/round_trip.py",
        "rtt = measured_s - held_s",
        "rtt = measured_s",
        "The peer's wait for its next tick counts as distance.",
        "tests/datagram",
    ),
    Bug(
        "nonce_same_in_both_directions",
        "engine/datagram/sealing.py",
        "self._direction = direction",
        "self._direction = TO_SERVER",
        "Both directions use the same nonces; works as long as the keys differ.",
        "tests/datagram",
    ),
    Bug(
        "nonce_repeats_after_65536",
        "engine/datagram/sealing.py",
        """        return header + self._cipher.encrypt(_NONCE.pack(self._direction, sequence), body, header)

    def open(self, sequence: int, header: bytes, sealed: bytes) -> bytes | None:
        \"\"\"The body, or None where the seal does not hold. ``sealed`` must be at least a tag long.\"\"\"
        try:
            return self._cipher.decrypt(_NONCE.pack(self._direction, sequence), sealed, header)
""",
        """        return header + self._cipher.encrypt(_NONCE.pack(self._direction, sequence & 0xFFFF), body, header)

    def open(self, sequence: int, header: bytes, sealed: bytes) -> bytes | None:
        \"\"\"The body, or None where the seal does not hold. ``sealed`` must be at least a tag long.\"\"\"
        try:
            return self._cipher.decrypt(_NONCE.pack(self._direction, sequence & 0xFFFF), sealed, header)
""",
        "Only the 16 bits that travel enter the nonce: both sides agree, and AES-GCM is broken after 18 minutes.",
        "tests/datagram",
    ),
    Bug(
        "header_not_authenticated",
        "engine/datagram/sealing.py",
        """sequence), body, header)

    def open(self, sequence: int, header: bytes, sealed: bytes) -> bytes | None:
        \"\"\"The body, or None where the seal does not hold. ``sealed`` must be at least a tag long.\"\"\"
        try:
            return self._cipher.decrypt(_NONCE.pack(self._direction, sequence), sealed, header)
""",
        """sequence), body, None)

    def open(self, sequence: int, header: bytes, sealed: bytes) -> bytes | None:
        \"\"\"The body, or None where the seal does not hold. ``sealed`` must be at least a tag long.\"\"\"
        try:
            return self._cipher.decrypt(_NONCE.pack(self._direction, sequence), sealed, None)
""",
        "Kind and connection id may be changed on the way.",
        "tests/datagram",
    ),
    Bug(
        "fragmented_messages_share_numbers",
        "engine/datagram/sender.py",
        "self._next_fragmented = (self._next_fragmented + 1) & 0xFFFF",
        "self._next_fragmented = (self._next_fragmented + 1) & 0x1",
        "With three large messages on their way, pieces of the first are put into the third.",
        "tests/datagram",
    ),
    Bug(
        "fragments_that_disagree_are_mixed",
        "engine/datagram/fragments.py",
        "if partial.last != fragment.last or fragment.place in partial.pieces:",
        "if fragment.place in partial.pieces:",
        "A fragment of another message with the same number is put into this one.",
        "tests/datagram",
    ),
    Bug(
        "fragment_memory_not_freed",
        "engine/datagram/fragments.py",
        "self.held_bytes -= self._partials.pop(message).held_bytes",
        "self._partials.pop(message)",
        "Finished messages still count as held: after 128 KiB no large message arrives any more.",
        "tests/datagram",
    ),
    Bug(
        "fragments_kept_for_ever",
        "engine/datagram/fragments.py",
        "horizon = now - self._limits.reassembly_ttl_s",
        "horizon = float('-inf')",
        "A message that misses a fragment is never given up.",
        "tests/datagram",
    ),
    Bug(
        "path_moves_without_challenge",
        "engine/datagram/path.py",
        "            candidate.heard = now\n        return False",
        "            candidate.heard = now\n        return is_newest",
        "Who replays one captured datagram first from elsewhere takes the stream over.",
        "tests/datagram",
    ),
    Bug(
        "any_answer_to_a_challenge_will_do",
        "engine/datagram/path.py",
        "candidate.bytes_out > 0 and hmac.compare_digest(candidate.token, token)",
        "candidate.bytes_out > 0",
        "A peer proves an address at which it does not receive.",
        "tests/datagram",
    ),
    Bug(
        "unproven_address_without_budget",
        "engine/datagram/path.py",
        "return self.bytes_out + size <= AMPLIFICATION_MAX * self.bytes_in",
        "return self.bytes_in > 0",
        "An address that has proven nothing gets any number of bytes.",
        "tests/datagram",
    ),
    Bug(
        "reply_before_a_valid_seal",
        "engine/datagram/connection.py",
        "        if body is None:\n            self._drop(DropReason.BAD_SEAL)",
        "        if body is None:\n            self.path = self.path or path\n            self._drop(DropReason.BAD_SEAL)",
        "A forged datagram for an unused ticket makes the server talk to its sender.",
        "tests/datagram",
    ),
    Bug(
        "timeout_put_off_by_junk",
        "engine/datagram/connection.py",
        "        if body is None:\n            self._drop(DropReason.BAD_SEAL)",
        "        if body is None:\n            self._heard_at = now\n            self._drop(DropReason.BAD_SEAL)",
        "Forged datagrams keep a dead connection, and its seat, alive for ever.",
        "tests/datagram",
    ),
    Bug(
        "timeout_never",
        "engine/datagram/connection.py",
        "if now - self._heard_at > self._limits.timeout_s:",
        "if now - self._now > self._limits.timeout_s:",
        "A peer that fell silent stays connected.",
        "tests/datagram",
    ),
    Bug(
        "ticket_usable_twice",
        "engine/datagram/states.py",
        "(State.CONNECTED, Input.FAREWELL): State.CLOSED,",
        "(State.CONNECTED, Input.FAREWELL): State.OPENING,",
        "After goodbye the same ticket opens the connection again.",
        "tests/datagram",
    ),
    Bug(
        "ticket_never_expires",
        "engine/datagram/connection.py",
        "self._opening_lasts_s = ticket.lifetime_s if is_server else self._limits.timeout_s",
        "self._opening_lasts_s = float('inf') if is_server else self._limits.timeout_s",
        "A stolen ticket is good for ever, and unused ones pile up.",
        "tests/datagram",
    ),
    Bug(
        "flood_not_limited",
        "engine/datagram/connection.py",
        "                self._second_datagrams = 0\n            self._second_datagrams += 1",
        "                self._second_datagrams = 0\n            self._second_datagrams = 1",
        "A seat may send as many valid datagrams as it likes.",
        "tests/datagram",
    ),
    Bug(
        "connection_id_issued_again",
        "engine/datagram/endpoint.py",
        "connection_id not in self._connections and connection_id not in self._retired_ids",
        "connection_id not in self._connections",
        "Late datagrams of an ended connection reach the new one of the same id.",
        "tests/datagram",
    ),
)

CONTROL: Final = (
    Bug(
        "event_applied_twice_after_resume",
        "engine/control/reliable.py",
        "if number <= self._received:",
        "if number < self._received:",
        "The last message before a resume is told again.",
        "tests/control",
    ),
    Bug(
        "events_lost_at_a_resume",
        "engine/control/reliable.py",
        "        self._transmitted = 0\n        return accepted",
        "        return accepted",
        "What the lost stream had swallowed is never sent again.",
        "tests/control",
    ),
    Bug(
        "event_order_swapped",
        "engine/control/reliable.py",
        "self._waiting.append(outgoing)",
        "self._waiting.appendleft(outgoing)",
        "Two events of one moment arrive in the other order.",
        "tests/control",
    ),
    Bug(
        "event_gap_passed_over",
        "engine/control/reliable.py",
        "if number > self._received + 1:",
        "if number > self._received + 2:",
        "A missing event is not noticed.",
        "tests/control",
    ),
    Bug(
        "frame_length_limit_ignored",
        "engine/control/frames.py",
        "if not 1 <= length <= self.bytes_max:",
        "if length < 1:",
        "Before joining, a stranger makes the server collect a frame of 4 GB.",
        "tests/control",
    ),
    Bug(
        "trickled_frame_extends_its_deadline",
        "engine/control/frames.py",
        "        if self._started_s is None:\n            self._started_s = now",
        "        self._started_s = now",
        "A byte a second holds a stream open for ever (slowloris).",
        "tests/control",
    ),
    Bug(
        "token_bucket_never_emptied",
        "engine/control/limiter.py",
        "self._tokens -= 1.0",
        "self._tokens = max(1.0, self._tokens - 1.0)",
        "No rate limit of the lobby limits anything.",
        "tests/control",
    ),
    Bug(
        "full_limiter_forgets_the_oldest",
        "engine/control/limiter.py",
        "if not self._rows[oldest].is_full(now):",
        "if not self._rows:",
        "An attacker with more addresses than the table has rows starts with a full bucket each time.",
        "tests/control",
    ),
    Bug(
        "tls_pin_not_compared",
        "engine/control/tls.py",
        "if self._pinned is not None and self.peer_fingerprint != self._pinned:",
        "if self._pinned is not None and self.peer_fingerprint is None:",
        "Whoever stands between player and server shows a certificate of his own.",
        "tests/control",
    ),
    Bug(
        "resume_without_its_token",
        "engine/control/admission.py",
        "if session is None or not hmac.compare_digest(resume.token, session.token):",
        "if session is None:",
        "Whoever counts session numbers takes somebody's seat.",
        "tests/control",
    ),
    Bug(
        "send_bound_counts_only_its_own_queue",
        "engine/control/stream.py",
        "if self.unconfirmed_bytes + len(frame) > self._limits.send_queue_bytes_max:",
        "if len(self._out) + len(frame) > self._limits.send_queue_bytes_max:",
        "A peer that never reads fills the queues behind ours.",
        "tests/control",
    ),
)

BUGS: Final = (*WIRE, *DATAGRAM, *CONTROL)
