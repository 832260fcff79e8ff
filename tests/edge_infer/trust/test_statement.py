"""The payload and the envelope: laws of reading and writing, and what strictness refuses."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.errors import BadInput, Untrusted
from edge_infer.trust.envelope import Envelope, pae, parse_envelope, write_envelope
from edge_infer.trust.names import collision, name_fault
from edge_infer.trust.statement import (
    Resource,
    Statement,
    check_names,
    parse_statement,
    write_statement,
)

DIGEST = "ab" * 32
STATEMENT = Statement.of("artifact", {"model.onnx": DIGEST, "a/b": "01" * 32})


def as_json(statement: Statement = STATEMENT) -> Any:
    return json.loads(write_statement(statement, ignore_paths=("model.sig",)))


def names() -> st.SearchStrategy[str]:
    part = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
    return st.lists(part, min_size=1, max_size=3).map("/".join).filter(lambda n: not name_fault(n))


def listings() -> st.SearchStrategy[dict[str, str]]:
    digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
    listing = st.dictionaries(names(), digests, min_size=1, max_size=6)
    return listing.filter(lambda files: collision(files) is None)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), listings())
def test_parsing_a_statement_undoes_writing_it(name: str, files: dict[str, str]) -> None:
    statement = Statement.of(name, files)
    assert parse_statement(write_statement(statement)) == statement
    assert statement.digests == files


@given(
    st.binary(max_size=50),
    st.lists(st.binary(max_size=80), min_size=1, max_size=8),
    st.one_of(st.none(), st.binary(min_size=32, max_size=32).map(bytes.hex)),
)
def test_parsing_an_envelope_undoes_writing_it(
    payload: bytes, signatures: list[bytes], hint: str | None
) -> None:
    envelope = Envelope(payload, tuple(signatures), hint)
    assert parse_envelope(write_envelope(envelope)) == envelope


def test_pre_authentication_encoding_is_dsse_version_1() -> None:
    payload = "é".encode()
    assert pae(payload) == b"DSSEv1 28 application/vnd.in-toto+json 2 " + payload


def test_subject_digest_is_over_all_digests_in_order() -> None:
    raw = b"".join(bytes.fromhex(resource.sha256) for resource in STATEMENT.resources)
    assert as_json()["subject"][0]["digest"]["sha256"] == hashlib.sha256(raw).hexdigest()


def test_resources_are_ordered_by_folder_then_name() -> None:
    listed = Statement.of("m", dict.fromkeys(["a.b", "b", "a/b", "a-b/c", "A"], DIGEST))
    assert [resource.name for resource in listed.resources] == ["A", "a/b", "a-b/c", "a.b", "b"]


@given(st.binary(max_size=200))
def test_no_bytes_end_in_another_error(data: bytes) -> None:
    with pytest.raises(Untrusted):
        parse_envelope(data)
    with pytest.raises(Untrusted):
        parse_statement(data)


def edits() -> dict[str, Any]:
    """A changed statement for each name; every one of them must be refused."""

    def edit(path: list[Any], value: Any) -> Any:
        changed = copy.deepcopy(as_json())
        place = changed
        for step in path[:-1]:
            place = place[step]
        if value is KeyError:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return changed

    resource, serialization = ["predicate", "resources", 1], ["predicate", "serialization"]
    return {
        "statement v0.1": edit(["_type"], "https://in-toto.io/Statement/v0.1"),
        "no type": edit(["_type"], KeyError),
        "predicate of version 0.2": edit(["predicateType"], "https://model_signing/Digests/v0.1"),
        "SLSA predicate": edit(["predicateType"], "https://slsa.dev/provenance/v1"),
        "unknown field": edit(["note"], "x"),
        "unknown predicate field": edit(["predicate", "expires"], "never"),
        "no subject": edit(["subject"], []),
        "two subjects": edit(["subject"], as_json()["subject"] * 2),
        "subject is a string": edit(["subject", 0], "artifact"),
        "subject digest differs": edit(["subject", 0, "digest", "sha256"], DIGEST),
        "subject digest by sha1": edit(["subject", 0, "digest"], {"sha1": "00" * 20}),
        "no resources": edit(["predicate", "resources"], []),
        "resources by name": edit(["predicate", "resources"], {"model.onnx": DIGEST}),
        "algorithm sha1": edit([*resource, "algorithm"], "sha1"),
        "algorithm none": edit([*resource, "algorithm"], "none"),
        "algorithm blake2": edit([*resource, "algorithm"], "blake2"),
        "algorithm in capitals": edit([*resource, "algorithm"], "SHA256"),
        "no algorithm": edit([*resource, "algorithm"], KeyError),
        "digest too short": edit([*resource, "digest"], "ab" * 20),
        "digest in capitals": edit([*resource, "digest"], "AB" * 32),
        "digest with a newline": edit([*resource, "digest"], "ab" * 32 + "\n"),
        "digest in other digits": edit([*resource, "digest"], "\u0661" * 64),
        "digest is a number": edit([*resource, "digest"], 1),
        "resource with a URI": edit([*resource, "uri"], "https://example.com"),
        "name is a number": edit([*resource, "name"], 1),
        "hash_type sha1": edit([*serialization, "hash_type"], "sha1"),
        "shards": edit([*serialization, "method"], "shards"),
        "symlinks allowed": edit([*serialization, "allow_symlinks"], True),
        "symlinks by number": edit([*serialization, "allow_symlinks"], 0),
        "shard size": edit([*serialization, "shard_size"], 1),
        "ignore_paths is a string": edit([*serialization, "ignore_paths"], ".git"),
        "not an object": [as_json()],
        "null": None,
    }


@pytest.mark.parametrize("name", edits())
def test_statement_of_another_form_is_refused(name: str) -> None:
    assert parse_statement(json.dumps(as_json()).encode()) == STATEMENT
    with pytest.raises(Untrusted):
        parse_statement(json.dumps(edits()[name]).encode())


BAD_NAMES = {
    "empty": "",
    "dot": "./a",
    "dot inside": "a/./b",
    "parent": "../evil",
    "parent inside": "a/../../evil",
    "only parent": "..",
    "absolute": "/etc/passwd",
    "double slash": "a//b",
    "slash at the end": "a/",
    "backslash": "a\\b",
    "Windows parent": "..\\evil",
    "drive": "C:\\evil",
    "drive with slash": "C:/evil",
    "drive-relative": "C:evil",
    "alternate stream": "model.onnx:evil",
    "NUL": "model.onnx\0.txt",
    "newline": "a\nb",
    "escape": "\x1b[2J",
    "lone surrogate": "\ud800",
    "long part": "a" * 256,
    "long in bytes": "é" * 128,
    "long": "/".join(["a" * 200] * 6),
    "deep": "/".join(["a"] * 33),
}


@pytest.mark.parametrize("case", BAD_NAMES)
def test_listed_name_that_leaves_the_root_is_refused(case: str) -> None:
    hostile = Statement("m", (Resource(BAD_NAMES[case], DIGEST), Resource("ok", DIGEST)))
    with pytest.raises(Untrusted, match="listed name"):
        parse_statement(write_statement(hostile))
    with pytest.raises(BadInput, match="listed name"):
        check_names([BAD_NAMES[case]], BadInput)


COLLISIONS = {
    "twice": ("a", "a"),
    "case": ("model.onnx", "Model.ONNX"),
    "folder case": ("a/x", "A/y"),
    "composed and decomposed": ("caf\u00e9", "cafe\u0301"),
    "sharp s": ("stra\u00dfe", "STRASSE"),
    "Kelvin sign": ("k", "\u212a"),
    "dotless forms": ("\u01c4", "\u01c6"),
    "iota written below": ("\u1f80\u0300", "\u03b1\u0313\u0300\u0345"),
    "final sigma": ("\u03c3", "\u03c2"),
    "file and folder": ("a", "a/b"),
    "folder and file": ("a/b", "a"),
    "file and folder by case": ("A", "a/b"),
}


@pytest.mark.parametrize("case", COLLISIONS)
def test_listed_names_that_collide_by_case_or_unicode_are_refused(case: str) -> None:
    pair = COLLISIONS[case]
    hostile = Statement("m", tuple(Resource(name, DIGEST) for name in ("z", *pair)))
    with pytest.raises(Untrusted, match="one on some filesystem"):
        parse_statement(write_statement(hostile))


def test_ordinary_names_are_no_collision() -> None:
    ordinary = ["a/b", "a/c", "a.b", "ab", "é", "e", ".hidden/x", "a b/c", "日本", "-x", "~"]
    assert [name_fault(name) for name in ordinary] == [None] * len(ordinary)
    assert collision(ordinary) is None


def test_too_many_files_are_refused() -> None:
    with pytest.raises(Untrusted, match="length"):
        check_names([str(i) for i in range(10_001)], Untrusted)


def envelope_edits() -> dict[str, bytes]:
    good = json.loads(write_envelope(Envelope(b"payload", (b"sig",), "0" * 64)))

    def edit(path: list[Any], value: Any) -> bytes:
        changed = copy.deepcopy(good)
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return json.dumps(changed).encode()

    text = json.dumps(good)
    zero = edit(["verificationMaterial"], {"x": 0})
    encoded = base64.b64encode(b"payload").decode()
    return {
        "media type v0.1": edit(
            ["mediaType"], "application/vnd.dev.sigstore.bundle+json;version=0.1"
        ),
        "payload type": edit(["dsseEnvelope", "payloadType"], "application/json"),
        "payload type as a list": edit(["dsseEnvelope", "payloadType"], []),
        "payload is null": edit(["dsseEnvelope", "payload"], None),
        "payload as URL-safe base64": edit(["dsseEnvelope", "payload"], "-_-_"),
        "payload unpadded": edit(["dsseEnvelope", "payload"], encoded.rstrip("=")),
        "payload with a newline": edit(["dsseEnvelope", "payload"], encoded + "\n"),
        "payload with loose bits": edit(["dsseEnvelope", "payload"], encoded[:-3] + "R=="),
        "payload not ASCII": edit(["dsseEnvelope", "payload"], "é==="),
        "no signatures": edit(["dsseEnvelope", "signatures"], []),
        "nine signatures": edit(["dsseEnvelope", "signatures"], [{"sig": "AA=="}] * 9),
        "signature is a string": edit(["dsseEnvelope", "signatures"], ["AA=="]),
        "signature without sig": edit(["dsseEnvelope", "signatures"], [{"keyid": ""}]),
        "algorithm in the signature": edit(
            ["dsseEnvelope", "signatures"], [{"sig": "AA==", "alg": "none"}]
        ),
        "message signature": edit(["messageSignature"], {}),
        "material is a list": edit(["verificationMaterial"], []),
        "duplicate key": text.replace('"payload":', '"payload": "", "payload":').encode(),
        "duplicate media type": text.replace("{", '{"mediaType": "x", ', 1).encode(),
        "NaN": edit(["verificationMaterial"], {"x": float("nan")}),
        "BOM": b"\xef\xbb\xbf" + text.encode(),
        "UTF-16": text.encode("utf-16"),
        "trailing text": text.encode() + b"{}",
        "deep": edit(["verificationMaterial"], {"x": [[]]}).replace(b"[[]]", b"[" * 40 + b"]" * 40),
        "very deep": b"[" * 100_000,
        "deep behind strings": b'{"a":"\\"[","b":' + b'{"c":' * 100_000,
        "larger than 1 MiB": text.encode() + b" " * (1 << 20),
        "endless number": zero.replace(b"0}", b"9" * 9000 + b"}"),
        "endless string": b'"' * 100 + b'\\"' * 400_000,
    }


@pytest.mark.parametrize("name", envelope_edits())
def test_envelope_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(Untrusted):
        parse_envelope(envelope_edits()[name])


@pytest.mark.parametrize("hint", [None, 1, "x" * 64, "\x1b[2J", ["a"], "0" * 65])
def test_strange_hint_is_not_repeated(hint: Any) -> None:
    bundle = json.loads(write_envelope(Envelope(b"p", (b"s",), None)))
    bundle["verificationMaterial"]["publicKey"]["hint"] = hint
    assert parse_envelope(json.dumps(bundle).encode()).hint is None
