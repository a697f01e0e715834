import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.access_keys import digest_of, is_secret_of, mint_key, split_key, why_ended
from api.identity.source_address import parse_networks, source_of
from api.identity.token_bucket import TokenBuckets
from api.identity.webhook_signature import SeenSignatures, is_signed, is_timely, sign
from api.store.tenant_ports import Role

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_key_has_256_random_bits_and_only_its_digest_is_kept() -> None:
    minted = [mint_key(tenant_id="lue", role=Role.DRIVER, label="x", now=NOW) for _ in range(200)]
    assert len({text for _, text in minted}) == len({key.key_id for key, _ in minted}) == 200
    for key, text in minted:
        assert re.fullmatch(r"fuhre_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", text)
        key_id, secret = split_key(text) or ("", "")
        assert key_id == key.key_id
        assert is_secret_of(key, secret)
        assert key.secret_sha256 == digest_of(secret)
        assert secret not in repr(key)


@given(st.text(max_size=100))
def test_text_that_is_no_key_is_none(text: str) -> None:
    found = split_key(text)
    assert found is None or f"fuhre_{found[0]}_{found[1]}" == text


def test_wrong_secret_and_missing_key_are_refused() -> None:
    key, text = mint_key(tenant_id="lue", role=Role.DRIVER, label="x", now=NOW)
    secret = text.split("_", 2)[2]
    assert not is_secret_of(key, secret[:-1])
    assert not is_secret_of(None, secret)
    assert not is_secret_of(None, "")


def test_key_ends_by_time_and_by_revocation() -> None:
    from dataclasses import replace

    key, _ = mint_key(tenant_id="lue", role=Role.DRIVER, label="x", now=NOW, valid_days=2)
    assert why_ended(key, NOW + timedelta(days=2, seconds=-1)) == ""
    assert why_ended(key, NOW + timedelta(days=2)) == "expired"
    assert why_ended(replace(key, revoked_at=NOW), NOW) == "revoked"


def test_bucket_gives_its_burst_and_then_its_rate() -> None:
    now_s = 100.0
    buckets = TokenBuckets(rate_per_s=2, burst=4, clock_s=lambda: now_s)
    assert [buckets.take("a") for _ in range(6)] == [0, 0, 0, 0, 1, 1]
    assert buckets.take("b") == 0
    now_s += 1.0
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]
    assert buckets.wait_s("a") == 1


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.floats(0.1, 5), st.integers(1, 9))
def test_bucket_never_gives_more_than_burst_and_rate(pauses_s: list[float], rate_per_s: float, burst: int) -> None:
    now_s = 0.0
    buckets = TokenBuckets(rate_per_s=rate_per_s, burst=burst, clock_s=lambda: now_s)
    given_out = 0
    for pause_s in pauses_s:
        now_s += pause_s
        given_out += buckets.take("a") == 0
        assert given_out <= burst + rate_per_s * now_s + 1e-6


def test_buckets_do_not_grow_with_the_names_that_are_tried() -> None:
    buckets = TokenBuckets(rate_per_s=1, burst=1, max_names=100)
    for number in range(1_000):
        buckets.take(str(number))
    assert len(buckets._buckets) == 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody that we trust says so
        ("10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),  # what the caller put in front does not count
        ("10.0.0.2", ["1.2.3.4", "198.51.100.1, 10.0.0.3"], "198.51.100.1"),
        ("10.0.0.2", ["nonsense"], "10.0.0.2"),
        ("10.0.0.2", [], "10.0.0.2"),
        ("::ffff:10.0.0.2", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("", [], "unknown"),
    ],
)
def test_source_is_what_trusted_proxies_say_and_nobody_else(peer: str, forwarded: list[str], expected: str) -> None:
    assert source_of(peer, forwarded, parse_networks(["10.0.0.0/8"])) == expected


def test_signature_is_of_this_body_and_this_instant() -> None:
    digest, timestamp, body = digest_of("secret"), str(int(NOW.timestamp())), b'{"a": 1}'
    signature = sign(digest, timestamp=timestamp, body=body)
    assert is_signed(digest, timestamp=timestamp, body=body, signature=signature)
    assert not is_signed(digest, timestamp=timestamp, body=body + b" ", signature=signature)
    assert not is_signed(digest, timestamp=str(int(timestamp) + 1), body=body, signature=signature)
    assert not is_signed(digest_of("other"), timestamp=timestamp, body=body, signature=signature)
    assert not is_signed(digest, timestamp=timestamp, body=body, signature="sha256=\ud800é")


@pytest.mark.parametrize(
    ("offset", "is_in_time"), [(0, True), (-300, True), (300, True), (-301, False), (301, False), (-86_400, False)]
)
def test_timestamp_counts_for_five_minutes(offset: int, *, is_in_time: bool) -> None:
    assert is_timely(str(int(NOW.timestamp()) + offset), NOW) is is_in_time


@pytest.mark.parametrize("text", ["", "-1", "1e9", "now", "१२३", "9" * 400])
def test_odd_timestamps_are_refused(text: str) -> None:
    assert not is_timely(text, NOW)


def test_signature_is_taken_once_while_it_is_valid() -> None:
    seen = SeenSignatures()
    assert seen.is_new("a", NOW)
    assert not seen.is_new("a", NOW + timedelta(seconds=599))
    assert seen.is_new("b", NOW + timedelta(seconds=700))
    assert len(seen._seen) == 1
