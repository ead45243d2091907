"""Commands and snapshots: sections 5 to 8 of engine/PROTOCOL.md.

Everything that is read is also noted as (bits, meaning): that is how the worked examples of the document are made and checked.
"""

from __future__ import annotations

import zlib
from typing import Any

Row = dict[str, Any]
View = dict[str, dict[str, list[int]]]
"""Kind, then ``generation`` or field, then one value per slot."""


class ChecksumError(ValueError):
    """Everything was read well, but the result has another checksum: ``checksum``."""

    def __init__(self, checksum: int) -> None:
        super().__init__("checksum")
        self.checksum = checksum


class Bits:
    """Section "Bits"."""

    def __init__(self, message: bytes) -> None:
        self.text = "".join(f"{byte:08b}" for byte in message)
        self.at = 0
        self.notes: list[tuple[str, str]] = []

    def u(self, bits: int, meaning: str = "") -> int:
        taken = self._take(bits)
        value = int(taken, 2) if taken else 0
        self._note(taken, meaning, value)
        return value

    def range(self, low: int, high: int, meaning: str = "") -> int:
        taken = self._take((high - low).bit_length())
        value = low + (int(taken, 2) if taken else 0)
        if value > high:
            raise ValueError("out of range")
        self._note(taken, meaning, value)
        return value

    def eg(self, order: int, meaning: str = "") -> int:
        taken, value = self._eg(order)
        self._note(taken, meaning, value)
        return value

    def seg(self, order: int, meaning: str = "") -> int:
        taken, value = self._eg(order)
        signed = -(value + 1) // 2 if value % 2 else value // 2
        self._note(taken, meaning, signed)
        return signed

    def finish(self) -> None:
        rest = self.text[self.at :]
        if len(rest) >= 8 or "1" in rest:
            raise ValueError("junk after the end")
        self._note(rest, "filling", None)

    def _take(self, bits: int) -> str:
        taken = self.text[self.at : self.at + bits]
        if len(taken) < bits:
            raise ValueError("too short")
        self.at += bits
        return taken

    def _eg(self, order: int) -> tuple[str, int]:
        zeros = ""
        while (bit := self._take(1)) == "0":
            zeros += bit
            if len(zeros) > 32:
                raise ValueError("too many zeros")
        code = bit + self._take(len(zeros) + order)
        return zeros + code, int(code, 2) - 2**order

    def _note(self, taken: str, meaning: str, value: int | None) -> None:
        if taken:
            self.notes.append((taken, meaning if value is None else f"{meaning} = {value}"))


# --- commands -----------------------------------------------------------------------------------------------------------------------


def read_commands_message(fields: list[Row], message: bytes) -> tuple[int | None, Row]:
    """(the newest announcement that its client has, if it says that; the commands)."""
    if message[:1] == b"\1":
        return None, read_commands(fields, message[1:])[0]
    if message[:1] == b"\2" and len(message) > 5:
        return int.from_bytes(message[1:5], "big"), read_commands(fields, message[5:])[0]
    raise ValueError("no commands")


def split_snapshot(message: bytes) -> tuple[int, bytes]:
    """Section "Messages inside datagrams": (the pace that is asked for, the snapshot)."""
    if message[:1] == b"\1":
        return 1, message[1:]
    if message[:1] == b"\3" and len(message) > 1 and 1 <= message[1] <= 8:
        return message[1], message[2:]
    raise ValueError("no snapshot")


def read_commands(fields: list[Row], message: bytes) -> tuple[Row, list[tuple[str, str]]]:
    """Section "Commands". ``fields``: name, low, high."""
    bits = Bits(message)
    acknowledged = bits.u(32, "acknowledged tick") if bits.u(1, "has acknowledged") else None
    wants = bits.u(1, "wants complete")
    mismatch = bits.u(1, "has mismatch") if wants else 0
    count = bits.u(6, "count")
    if count > 32:
        raise ValueError("too many commands")
    entries: list[Row] = []
    newer: Row = {}
    for number in range(count):
        newer = _read_command(bits, fields, newer if number else None)
        entries.insert(0, newer)
    bits.finish()
    shown = [[entry["tick"], entry["values"], *divmod(entry["view"], 256)] for entry in entries]
    return {"acknowledged_tick": acknowledged, "wants_complete": bool(wants), "has_mismatch": bool(mismatch), "entries": shown}, bits.notes


def _read_command(bits: Bits, fields: list[Row], newer: Row | None) -> Row:
    if newer is None:
        tick = bits.u(32, "newest: tick")
        distance = bits.seg(10, "view distance")
        values = [bits.range(field["low"], field["high"], field["name"]) for field in fields]
    else:
        tick = newer["tick"] - 1 - bits.eg(0, "older: gap")
        distance = newer["distance"]
        if bits.u(1, "view changed"):
            change = bits.seg(4, "view distance minus the newer one's")
            if change == 0:
                raise ValueError("a change by nothing")
            distance += change
        values = list(newer["values"])
        if bits.u(1, "differs"):
            for index, field in enumerate(fields):
                if bits.u(1, f"{field['name']} differs"):
                    values[index] = bits.range(field["low"], field["high"], field["name"])
                    if values[index] == newer["values"][index]:
                        raise ValueError("a change to the same")
            if values == newer["values"]:
                raise ValueError("a change in nothing")
    view = 256 * tick - distance
    if tick < 0 or not 0 <= view < 2**40:
        raise ValueError("a tick that cannot be")
    return {"tick": tick, "distance": distance, "values": values, "view": view}


# --- snapshots ----------------------------------------------------------------------------------------------------------------------


class Mirror:
    """Section "Snapshots": one client's worlds."""

    def __init__(self, schema: Row, seats: int, seat: int | None) -> None:
        self.kinds: list[Row] = schema["kinds"]
        self.rows = {kind["name"]: kind["per_seat"] * seats if kind["per_seat"] else kind["capacity"] for kind in self.kinds}
        self.seat = seat
        self.newest: int | None = None
        self.views: dict[int, View] = {}
        self.notes: list[tuple[str, str]] = []

    def receive(self, message: bytes) -> Row:
        """What the snapshot says. Raises ValueError, and nothing has changed, where it is refused."""
        bits = Bits(message)
        back = bits.u(6, "back")
        tick = bits.u(32, "tick") if back == 0 else self._widen(bits.u(16, "low bits of tick"))
        if self.newest is not None and tick <= self.newest:
            raise ValueError("stale")
        if back and (self.newest is None or tick - back not in self.views):
            raise ValueError("no baseline")
        base = self.views[tick - back] if back else self._empty()
        checksum = bits.u(32, "checksum")
        feedback = _read_feedback(bits, tick)
        view = self._empty()
        for kind in self.kinds:
            self._read_kind(bits, kind, base[kind["name"]], view[kind["name"]], back, tick)
        self._read_private(bits, base, view, back)
        bits.finish()
        if self._checksum(view) != checksum:
            raise ChecksumError(self._checksum(view))
        self.newest = tick
        self.views[tick] = view
        self.views = {held: world for held, world in self.views.items() if held % 64 != tick % 64 or held == tick}
        self.notes = bits.notes
        return {"tick": tick, "baseline": tick - back if back else None, "feedback": feedback, "view": view}

    def _widen(self, low: int) -> int:
        if self.newest is None:
            raise ValueError("no baseline")
        near = [self.newest - self.newest % 65536 + turn * 65536 + low for turn in (-1, 0, 1)]
        return min((tick for tick in near if tick >= 0), key=lambda tick: (abs(tick - self.newest), tick))  # type: ignore[operator]

    def _empty(self) -> View:
        return {
            kind["name"]: {name: [0] * self.rows[kind["name"]] for name in ("generation", *(field["name"] for field in kind["fields"]))}
            for kind in self.kinds
        }

    def _read_kind(self, bits: Bits, kind: Row, base: dict[str, list[int]], new: dict[str, list[int]], back: int, tick: int) -> None:
        name = kind["name"]
        fields = [field for field in kind["fields"] if field["visible_to"] == "everyone"]
        held = [slot for slot in range(self.rows[name]) if base["generation"][slot]]
        residuals: dict[str, dict[int, int]] = {field["name"]: {} for field in fields}
        gone: list[int] = []
        born: dict[int, list[int]] = {}
        if bits.u(1, f"{name}: changed"):
            has_events = bits.u(1, f"{name}: has events")
            if has_events:
                gone = _read_events(bits, name, fields, held, residuals)
            has_new = bits.u(1, f"{name}: has new rows")
            if has_new:
                born = _read_new_rows(bits, name, fields, self.rows[name], self.rows[name] - len(held) + len(gone), tick)
            elif not has_events:
                raise ValueError("changed in nothing")
        for slot in held:
            if slot not in gone:
                new["generation"][slot] = base["generation"][slot]
                for field in fields:
                    _complete(kind, field, residuals, base, new, slot, back)
        for slot, values in born.items():
            if new["generation"][slot]:
                raise ValueError("a new row where one stands")
            for column, value in zip(("generation", *(field["name"] for field in fields)), values, strict=True):
                new[column][slot] = value

    def _private_cells(self) -> list[tuple[str, Row, int]]:
        if self.seat is None:
            return []
        return [
            (kind["name"], field, slot)
            for kind in self.kinds
            if kind["per_seat"]
            for field in kind["fields"]
            if field["visible_to"] == "owner"
            for slot in range(self.seat * kind["per_seat"], (self.seat + 1) * kind["per_seat"])
        ]

    def _read_private(self, bits: Bits, base: View, view: View, back: int) -> None:
        cells = self._private_cells()
        if not cells:
            return
        changed = bits.u(1, "private: changed")
        for name, field, slot in cells:
            old, new = base[name], view[name]
            value = 0
            if back and old["generation"][slot] and old["generation"][slot] == new["generation"][slot]:
                motion = field["motion"]
                speed = 0 if motion is None else motion if isinstance(motion, int) else old[motion][slot]
                value = min(max(old[field["name"]][slot] + back * speed, field["low"]), field["high"])
            if changed and bits.u(1, f"private: {name}[{slot}].{field['name']} is not as forecast"):
                value += bits.seg(2, "residual")
            if not (field["low"] <= value <= field["high"] if new["generation"][slot] else value == 0):
                raise ValueError("a private value out of its range")
            new[field["name"]][slot] = value

    def _checksum(self, view: View) -> int:
        values: list[int] = []
        for kind in self.kinds:
            for column in ("generation", *(field["name"] for field in kind["fields"] if field["visible_to"] == "everyone")):
                values += view[kind["name"]][column]
        values += [view[name][field["name"]][slot] for name, field, slot in self._private_cells()]
        return zlib.crc32(b"".join(value.to_bytes(4, "little", signed=True) for value in values))


def _read_feedback(bits: Bits, tick: int) -> Row:
    newest = tick + bits.seg(2, "newest command, from tick") if bits.u(1, "has newest command") else None
    used = tick + bits.seg(0, "last used, from tick") if bits.u(1, "has last used") else None
    slack = bits.range(-128, 127, "slack") if bits.u(1, "has slack") else None
    missing = late = 0
    if bits.u(1, "has counts"):
        missing, late = bits.u(4, "missing"), bits.u(4, "late")
        if missing == late == 0:
            raise ValueError("counts that are not there")
    if any(told is not None and not 0 <= told < 2**32 for told in (newest, used)):
        raise ValueError("a tick that cannot be")
    return {"newest_command_tick": newest, "last_used_tick": used, "slack_16ths": slack, "missing": missing, "late": late}


def _read_events(bits: Bits, name: str, fields: list[Row], held: list[int], residuals: dict[str, dict[int, int]]) -> list[int]:
    used = [field for field in fields if bits.u(1, f"{name}: {field['name']} has residuals")]
    changed: list[int] = []
    gone: list[int] = []
    for slot in held:
        if bits.u(1, f"{name}[{slot}]: not as forecast"):
            (gone if bits.u(1, f"{name}[{slot}]: gone") else changed).append(slot)
    if bool(used) != bool(changed) or not (changed or gone):
        raise ValueError("fields and rows that changed do not fit")
    for field in used:
        order = bits.u(4, f"{name}.{field['name']}: order")
        for slot in changed:
            residuals[field["name"]][slot] = bits.seg(order, f"{name}[{slot}].{field['name']}: residual")
    return gone


def _read_new_rows(bits: Bits, name: str, fields: list[Row], rows: int, free: int, tick: int) -> dict[int, list[int]]:
    count = 1 + bits.eg(0, f"{name}: new rows, less 1")
    if count > free:
        raise ValueError("more new rows than free slots")
    columns = []
    for index, (column, low, high) in enumerate(
        [("slot", 0, rows - 1), ("age", 0, 1023), *((field["name"], field["low"], field["high"]) for field in fields)]
    ):
        if bits.u(1, f"new {column}: by steps"):
            order = bits.u(4, f"new {column}: order")
            values: list[int] = []
            for number in range(count):
                slot_step = index == 0
                step = bits.eg(order, "new slot: step") + (number > 0) if slot_step else bits.seg(order, f"new {column}: step")
                values.append((values[-1] if values else 0) + step)
        else:
            values = [bits.range(low, high, f"new {column}") for _ in range(count)]
        if min(values) < low or max(values) > high:
            raise ValueError("a new row's value out of its range")
        columns.append(values)
    slots, ages, *rest = columns
    if slots != sorted(set(slots)):
        raise ValueError("slots that do not ascend")
    generations = [1 + (tick - age) % 1024 for age in ages]
    return {slot: [generations[number], *(values[number] for values in rest)] for number, slot in enumerate(slots)}


def _complete(
    kind: Row, field: Row, residuals: dict[str, dict[int, int]], base: dict[str, list[int]], new: dict[str, list[int]], slot: int, back: int
) -> int:
    """The new value of a held row's field: forecast and residual. The motion field comes first."""
    by_name = {other["name"]: other for other in kind["fields"]}
    motion, old = field["motion"], base[field["name"]][slot]
    chain = [field]
    while isinstance(chain[-1]["motion"], str) and len(chain) <= len(by_name):
        chain.append(by_name[chain[-1]["motion"]])
    if motion is None or len(chain) > len(by_name):
        expected = old
    else:
        if isinstance(motion, str):
            before = base[motion][slot]
            after = _complete(kind, by_name[motion], residuals, base, new, slot, back)
            expected = old + back * before + ((after - before) * (back + 1)) // 2
        else:
            expected = old + back * motion
        expected = min(max(expected, field["low"]), field["high"])
    value = expected + residuals[field["name"]].get(slot, 0)
    if not field["low"] <= value <= field["high"]:
        raise ValueError("a residual that leads out of its range")
    new[field["name"]][slot] = value
    return value
