from __future__ import annotations

import gzip
import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from convert.unpickle.compression import Bounds
from convert.unpickle.source import read_signed_pickle
from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust import editing, read_trust
from edge_infer.trust.trust_file import write_trust_file

if TYPE_CHECKING:
    from pathlib import Path

PICKLE = b"\x80\x05N."


@pytest.mark.parametrize("name", ["model.pkl", "model.pkl.gz", "model.joblib", "other"])
def test_verified_bytes_are_decompressed_whatever_their_name(sign, keys, name: str) -> None:
    data = gzip.compress(PICKLE)
    found = read_signed_pickle(sign(data, name), keys / "trainer.pub")
    assert found.pickle == PICKLE
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.size_bytes == len(data)


def test_a_missing_signature_is_refused(sign, keys) -> None:
    path = sign(PICKLE)
    path.with_name("model.pkl.sig").unlink()
    with pytest.raises(Untrusted, match="no signature") as refused:
        read_signed_pickle(path, keys / "trainer.pub")
    assert "edge-infer sign" in str(refused.value.hint)


def test_every_truncated_signature_is_refused(sign, keys) -> None:
    path = sign(PICKLE)
    signature = path.with_name("model.pkl.sig")
    whole = signature.read_bytes()
    for kept in range(0, len(whole) - 1, 37):
        signature.write_bytes(whole[:kept])
        with pytest.raises(Untrusted):
            read_signed_pickle(path, keys / "trainer.pub")


def test_another_key_is_refused(sign, keys) -> None:
    with pytest.raises(Untrusted, match="another key"):
        read_signed_pickle(sign(PICKLE), keys / "stranger.pub")


def test_every_flipped_byte_of_the_pickle_is_refused_before_it_is_decompressed(
    sign, keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sign(gzip.compress(PICKLE))
    whole = path.read_bytes()
    monkeypatch.setattr("convert.unpickle.source.decompress", None)
    for position in range(len(whole)):
        broken = bytearray(whole)
        broken[position] ^= 1
        path.write_bytes(bytes(broken))
        with pytest.raises(Untrusted):
            read_signed_pickle(path, keys / "trainer.pub")


def test_the_signature_of_another_file_is_refused(sign, keys) -> None:
    other = sign(PICKLE + b"x", "other.pkl")
    path = sign(PICKLE)
    other.with_name("other.pkl.sig").replace(path.with_name("model.pkl.sig"))
    with pytest.raises(Untrusted, match="not the file that was signed"):
        read_signed_pickle(path, keys / "trainer.pub")


def test_a_link_is_refused(sign, keys, tmp_path: Path) -> None:
    path = sign(PICKLE)
    link = tmp_path / "link.pkl"
    link.symlink_to(path)
    (tmp_path / "link.pkl.sig").write_bytes(path.with_name("model.pkl.sig").read_bytes())
    with pytest.raises(Untrusted, match="link"):
        read_signed_pickle(link, keys / "trainer.pub")


def test_a_fifo_is_refused_without_blocking(tmp_path: Path, keys) -> None:
    os.mkfifo(tmp_path / "model.pkl")
    with pytest.raises(Untrusted):
        read_signed_pickle(tmp_path / "model.pkl", keys / "trainer.pub")


def test_a_file_beyond_the_cap_is_refused(sign, keys) -> None:
    with pytest.raises(Untrusted, match=r"large|most"):
        read_signed_pickle(
            sign(PICKLE * 100), keys / "trainer.pub", bounds=Bounds(compressed_bytes=100)
        )


def test_a_sparse_terabyte_is_refused_at_once(tmp_path: Path, keys) -> None:
    path = tmp_path / "model.pkl"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Untrusted):
        read_signed_pickle(path, keys / "trainer.pub")


def test_a_missing_file_is_bad_input(tmp_path: Path, keys) -> None:
    with pytest.raises(BadInput):
        read_signed_pickle(tmp_path / "none.pkl", keys / "trainer.pub")


def test_a_key_that_was_retired_or_may_not_train_is_refused(sign, keys, tmp_path: Path) -> None:
    key = read_trust(keys / "trainer.pub")[0]
    path = sign(b"\x80\x04N.")
    cases = [
        ({"roles": ("trainer",), "valid_until": "2020-01-01T00:00:00+00:00"}, "validity"),
        ({"roles": ("trainer",), "valid_from": "2999-01-01T00:00:00+00:00"}, "validity"),
        ({"roles": ("publisher",)}, "no key is trusted as trainer"),
    ]
    for fields, words in cases:
        file = editing.add_key(editing.EMPTY, key, name="ann", **fields)
        (tmp_path / "t").write_bytes(write_trust_file(file))
        with pytest.raises(Untrusted, match=words):
            read_signed_pickle(path, tmp_path / "t")
    file = editing.add_key(editing.EMPTY, key, name="ann", roles=("trainer",))
    (tmp_path / "t").write_bytes(write_trust_file(file))
    assert read_signed_pickle(path, tmp_path / "t").authorised_by == key.fingerprint
