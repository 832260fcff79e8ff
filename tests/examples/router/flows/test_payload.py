"""What of a request counts as code, however it is escaped."""

from __future__ import annotations

import pytest

from examples.router.flows.payload import shape_of


def code_in(address: bytes) -> float:
    return shape_of(b"GET /" + address + b" HTTP/1.1\r\nHost: a.test\r\n\r\n").code_target


@pytest.mark.parametrize(
    "address",
    [
        b"search?q=two%20words&back=https%3A%2F%2Fa.test%2Fx%3Fy%3D1&tag=a%2Bb%3D%3D",
        b"announce?info_hash=%ee%0e%8f%80%ff%01%02&left=0",
        b"100%",
        b"100%%zz%a",
        b"~user/a!b*c",
    ],
)
def test_escapes_of_ordinary_addresses_are_no_code(address: bytes) -> None:
    assert code_in(address) == 0


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        (b"?id=1'or'1'='1", b"?id=1%27or%271%27%3D%271"),
        (b"?q=<script>x(1)</script>", b"?q=%3Cscript%3ex%281%29%3c/script%3E"),
        (b"?c=;id|`x`$(y)", b"?c=%3Bid%7C%60x%60%24%28y%29"),
    ],
)
def test_code_counts_the_same_whether_it_is_escaped_or_not(plain: bytes, escaped: bytes) -> None:
    assert code_in(plain) == code_in(escaped) > 3


def test_what_is_escaped_twice_is_not_undone_twice() -> None:
    assert code_in(b"?a=%2527") == 0
    assert code_in(b"?a=%%27") == 1
