"""Token buckets, their bounded table, and what counts as one address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.control.limiter import BucketTable, TokenBucket, address_key
from engine.control.limits import ControlLimits, Rate


@given(st.lists(st.floats(-1.0, 3.0), max_size=100), st.floats(0.1, 10.0), st.integers(1, 10))
def test_never_more_than_burst_plus_rate(steps: list[float], per_s: float, burst: int) -> None:
    bucket, now, latest, taken = TokenBucket(Rate(per_s, burst), 0.0), 0.0, 0.0, 0
    for step in steps:
        now += step
        latest = max(latest, now)
        taken += bucket.take(now)
        assert taken <= burst + latest * per_s + 1e-6


def test_refills() -> None:
    bucket = TokenBucket(Rate(2.0, 3), 0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(0.4)
    assert bucket.take(0.6)
    assert not bucket.is_full(0.6)
    assert bucket.is_full(5.0)


def test_table_bites_with_ten_times_more_addresses_than_rows() -> None:
    table = BucketTable(Rate(0.1, 5), rows_max=100)
    allowed = sum(table.bucket(f"10.0.{index // 250}.{index % 250}", 0.0).take(0.0) for _ in range(20) for index in range(1000))
    assert len(table) == 100
    assert allowed == 100 * 5 + 5
    assert table.bucket("10.9.9.9", 60.0).take(60.0), "rows that are full again give way"


def test_address_keys() -> None:
    assert address_key("192.168.1.5") == "192.168.1.5"
    assert address_key("::ffff:192.168.1.5") == "192.168.1.5"
    assert address_key("2001:db8:1:2:3::4") == address_key("2001:db8:1:2:ffff::1") != address_key("2001:db8:1:3::1")
    assert address_key("fe80::1%eth0") != address_key("fe80::2%eth0")
    assert address_key("client-3") == "client-3"


def test_limits_check_themselves() -> None:
    with pytest.raises(ValueError, match="burst"):
        Rate(1.0, 0)
    with pytest.raises(ValueError, match="resume_s"):
        ControlLimits(resume_s=0)
    with pytest.raises(ValueError, match="ping_spread_s"):
        ControlLimits(ping_spread_s=1.0)
    with pytest.raises(ValueError, match="frame_bytes_hello_max"):
        ControlLimits(frame_bytes_hello_max=1 << 20)
    with pytest.raises(ValueError, match="send_queue_bytes_max"):
        ControlLimits(send_queue_bytes_max=100_000)
