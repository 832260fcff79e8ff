"""Both implementations of SHA-256 give the same digest; the small one spares OpenSSL."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from edge_infer.trust import digest


@pytest.mark.parametrize("length", [0, 1, 55, 56, 64, 1000, 1 << 16])
def test_cpythons_own_agrees_with_openssl(length):
    built_in = digest._built_in()
    if built_in is None:
        pytest.skip("this Python has no SHA-256 of its own: build it with --with-builtin-hashlib")
    data = bytes(i * 7 % 256 for i in range(length))
    assert built_in(data).hexdigest() == hashlib.sha256(data).hexdigest()


def test_small_data_does_not_load_openssl_and_large_data_does():
    program = (
        "import sys; from edge_infer.trust.digest import sha256;"
        "sha256(b'x').digest(); print('hashlib' in sys.modules);"
        "sha256(size_bytes=1 << 30); print('hashlib' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    expected = [b"False", b"True"] if digest._built_in() else [b"True", b"True"]
    assert run.stdout.split() == expected
