import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.jobs.fair_line import FairLine, JobRef


def ref(tenant_id: str, number: int) -> JobRef:
    return JobRef(tenant_id=tenant_id, job_id=f"{number}")


def drained(line: FairLine) -> list[JobRef]:
    return [line.take() for _ in range(len(line))]


@given(st.lists(st.sampled_from("abcd"), max_size=40))
def test_fair_line_serves_each_tenant_in_order_and_all_tenants_in_turn(tenants: list[str]) -> None:
    line = FairLine()
    asked = [ref(tenant_id, number) for number, tenant_id in enumerate(tenants)]
    for job in asked:
        line.append(job)
    served = drained(line)
    assert sorted(served, key=lambda job: int(job.job_id)) == asked
    for tenant_id in set(tenants):
        places = [place for place, job in enumerate(served) if job.tenant_id == tenant_id]
        assert [served[place] for place in places] == [job for job in asked if job.tenant_id == tenant_id]
        for turn, place in enumerate(places):
            # Before its n-th job, nobody else was served more than n + 1 times.
            for other in set(tenants):
                assert sum(job.tenant_id == other for job in served[:place]) <= turn + 1


def test_fair_line_lets_one_request_pass_forty_of_another_tenant() -> None:
    line = FairLine()
    for number in range(40):
        line.append(ref("large", number))
    line.append(ref("small", 99))
    assert [line.take().tenant_id for _ in range(3)] == ["large", "small", "large"]


def test_fair_line_puts_back_before_all_others() -> None:
    line = FairLine()
    for job in (ref("a", 1), ref("b", 2)):
        line.append(job)
    first = line.take()
    line.put_first(first)
    assert line.take() == first


def test_fair_line_forgets_what_is_removed() -> None:
    line = FairLine()
    line.append(ref("a", 1))
    line.remove(ref("a", 1))
    assert ref("a", 1) not in line
    assert (len(line), line.length_of("a")) == (0, 0)
    with pytest.raises(IndexError):
        line.take()


def test_short_jobs_pass_their_own_tenants_others_only() -> None:
    line = FairLine()
    for number in range(3):
        line.append(ref("a", number))
        line.append(ref("b", number))
    line.append(ref("a", 10), is_short=True)
    line.append(ref("a", 11), is_short=True)
    served = drained(line)
    assert [job for job in served if job.tenant_id == "a"] == [ref("a", number) for number in (10, 11, 0, 1, 2)]
    assert [job for job in served if job.tenant_id == "b"] == [ref("b", number) for number in range(3)]
    assert [job.tenant_id for job in served] == ["a", "b", "a", "b", "a", "b", "a", "a"]


@given(jobs=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30), comes_back=st.booleans())
def test_fair_line_gives_short_jobs_only_to_those_who_take_nothing_else(
    *, jobs: list[tuple[str, bool]], comes_back: bool
) -> None:
    line = FairLine()
    for number, (tenant_id, is_short) in enumerate(jobs):
        line.append(ref(tenant_id, number), is_short=is_short)
    if comes_back and len(line):
        line.put_first(line.take())
    short = []
    while line.has_any(is_short_only=True):
        short.append(line.take(is_short_only=True))
    assert all(one.is_short for one in short)
    assert {int(one.job_id) for one in short} == {at for at, (_, is_short) in enumerate(jobs) if is_short}
    for tenant_id in "abc":
        numbers = [int(one.job_id) for one in short if one.tenant_id == tenant_id]
        assert numbers == sorted(numbers) or comes_back
    with pytest.raises(IndexError):
        line.take(is_short_only=True)
    assert not any(one.is_short for one in drained(line))
