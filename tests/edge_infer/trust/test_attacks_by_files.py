"""What an attacker may try with the files beside a signature; tests are named for attacks."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from edge_infer.errors import BadInput, EdgeInferError, Untrusted
from edge_infer.trust import (
    Statement,
    files,
    read_file,
    verify_statement,
    verify_tree,
)
from edge_infer.trust.envelope import parse_envelope
from edge_infer.trust.signing import sign_tree
from edge_infer.trust.statement import write_statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(call: Callable[[], object], *words: str) -> EdgeInferError:
    with pytest.raises(Untrusted) as error:
        call()
    for word in words:
        assert word in str(error.value)
    assert error.value.exit_code == 3
    return error.value


def test_manifest_swapped(
    fleet: Any, tree: Path, sign_into: Callable[..., Path], tmp_path: Path
) -> None:
    other = sign_into(tmp_path / "other", {"model.onnx": b"older, with a flaw"})
    (tree / "model.sig").write_bytes((other / "model.sig").read_bytes())
    refused(lambda: verify_tree(tree, fleet.pub), "extra: contract.json", "changed: model.onnx")


def test_two_signed_trees_mixed(
    fleet: Any, tree: Path, sign_into: Callable[..., Path], tmp_path: Path
) -> None:
    other = sign_into(
        tmp_path / "other",
        {"model.onnx": b"another", "contract.json": b"{}", "native/linux-x86_64.so": b""},
    )
    (tree / "model.onnx").write_bytes((other / "model.onnx").read_bytes())
    refused(lambda: verify_tree(tree, fleet.pub), "changed: model.onnx")


@pytest.mark.parametrize(
    "name",
    ["extra", ".hidden", ".github/evil.py", ".git/hooks/x", "native/x", "native/model.sig",
     "__pycache__/contract.pyc", "model.sig.bak", "x\x1b[2J"],
)  # fmt: skip
def test_extra_file(fleet: Any, tree: Path, name: str) -> None:
    path = tree / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(b"")
    error = refused(lambda: verify_tree(tree, fleet.pub), "extra: ")
    assert name in str(error) or (ascii(name) in str(error) and "\x1b" not in str(error))


def test_extra_file_with_a_name_that_is_not_unicode(fleet: Any, tree: Path) -> None:
    path = os.fsencode(tree) + b"/\xff"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    except OSError:
        return  # this filesystem has no such names, so the attack does not exist here
    assert str(refused(lambda: verify_tree(tree, fleet.pub), "extra: ")).encode()


def test_path_ignored_by_the_signer_is_not_ignored_here(fleet: Any, tree: Path) -> None:
    statement = Statement.of("m", {"contract.json": "00" * 32})
    payload = write_statement(statement, ignore_paths=("model.onnx", "native", ".github"))
    (tree / "model.sig").write_bytes(fleet.sign_payload(payload))
    refused(lambda: verify_tree(tree, fleet.pub), "extra: model.onnx, native/linux-x86_64.so")


def test_many_extra_files_are_counted_not_listed(fleet: Any, tree: Path) -> None:
    for i in range(50):
        (tree / f"junk{i:02}").write_bytes(b"")
    error = refused(lambda: verify_tree(tree, fleet.pub), "junk09 and 40 more")
    assert "junk10" not in str(error)


@pytest.mark.parametrize("name", ["contract.json", "native/linux-x86_64.so"])
def test_missing_file(fleet: Any, tree: Path, name: str) -> None:
    (tree / name).unlink()
    refused(lambda: verify_tree(tree, fleet.pub), f"missing: {name}")


def test_extra_missing_and_changed_files_are_all_named(fleet: Any, tree: Path) -> None:
    (tree / "contract.json").rename(tree / "contract.bak")
    (tree / "model.onnx").write_bytes(b"evil")
    refused(
        lambda: verify_tree(tree, fleet.pub),
        "extra: contract.bak; missing: contract.json; changed: model.onnx",
    )


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "C:\\evil", "C:/evil", "a\0b", "a/../model.onnx", "a\\b"]
)
def test_signed_name_outside_the_root(fleet: Any, tree: Path, name: str) -> None:
    payload = write_statement(Statement.of("m", {name: "00" * 32, "model.onnx": "00" * 32}))
    (tree / "model.sig").write_bytes(fleet.sign_payload(payload))
    refused(lambda: verify_tree(tree, fleet.pub), "listed name")
    with pytest.raises(BadInput):
        sign_tree({name: b""}, key=fleet.private, name="m")


def test_name_that_would_list_the_signature_itself(fleet: Any, tree: Path) -> None:
    payload = write_statement(Statement.of("m", {"model.sig": "00" * 32}))
    (tree / "model.sig").write_bytes(fleet.sign_payload(payload))
    refused(lambda: verify_tree(tree, fleet.pub), "missing: model.sig")
    with pytest.raises(BadInput):
        sign_tree({"model.sig": b""}, key=fleet.private, name="m")


def test_symlinked_file(fleet: Any, tree: Path, tmp_path: Path) -> None:
    (tree / "model.onnx").rename(tmp_path / "same-bytes")
    (tree / "model.onnx").symlink_to(tmp_path / "same-bytes")
    refused(lambda: verify_tree(tree, fleet.pub), "model.onnx is a symbolic link")


def test_symlinked_parent(fleet: Any, tree: Path, tmp_path: Path) -> None:
    (tree / "native").rename(tmp_path / "elsewhere")
    (tree / "native").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    refused(lambda: verify_tree(tree, fleet.pub), "native is a symbolic link")


def test_symlinked_signature(fleet: Any, tree: Path, tmp_path: Path) -> None:
    (tree / "model.sig").rename(tmp_path / "model.sig")
    (tree / "model.sig").symlink_to(tmp_path / "model.sig")
    refused(lambda: verify_tree(tree, fleet.pub), "model.sig is a symbolic link")


def test_dangling_symlink_and_loop(fleet: Any, tree: Path) -> None:
    (tree / "loop").symlink_to(tree, target_is_directory=True)
    refused(lambda: verify_tree(tree, fleet.pub), "symbolic link")
    (tree / "loop").unlink()
    (tree / "dangling").symlink_to("nowhere")
    refused(lambda: verify_tree(tree, fleet.pub), "symbolic link")


def test_symlink_to_the_root_is_the_callers_own(fleet: Any, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(tree, target_is_directory=True)
    assert verify_tree(tmp_path / "current", fleet.pub).root == tree.resolve()


def test_hardlinked_file(fleet: Any, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "another-name").hardlink_to(tree / "model.onnx")
    refused(lambda: verify_tree(tree, fleet.pub), "2 hard links", "cp -l")


def test_file_swapped_for_a_link_between_look_and_open(
    fleet: Any, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tree / "model.onnx"
    honest_open = os.open

    def swap_then_open(path: Any, flags: int, *rest: Any) -> int:
        if str(path) == str(target.resolve()) and not target.is_symlink():
            target.rename(tmp_path / "same-bytes")
            target.symlink_to(tmp_path / "same-bytes")
        return honest_open(path, flags, *rest)

    monkeypatch.setattr(files.os, "open", swap_then_open)
    refused(lambda: verify_tree(tree, fleet.pub), "changed while it was read")


def test_file_swapped_for_another_between_look_and_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"honest")
    (tmp_path / "evil").write_bytes(b"forged")
    honest_open = os.open

    def swap_then_open(name: Any, flags: int, *rest: Any) -> int:
        (tmp_path / "evil").rename(path)
        return honest_open(name, flags, *rest)

    monkeypatch.setattr(files.os, "open", swap_then_open)
    refused(lambda: read_file(path), "changed while it was read")


@pytest.mark.parametrize("size", [0, 3, 20])
@pytest.mark.parametrize("keep", [True, False])
def test_file_that_grows_or_shrinks_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, keep: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"ten bytes!")
    honest_fstat = os.fstat

    def resize_after(descriptor: int) -> os.stat_result:
        info = honest_fstat(descriptor)
        os.truncate(path, size)
        return info

    monkeypatch.setattr(files.os, "fstat", resize_after)
    refused(lambda: files.hash_file(path, keep=keep), "changed while it was read")


def within_seconds(call: Callable[[], None], seconds: float = 5) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it blocked"
    if failures:
        raise failures[0]


@pytest.mark.parametrize("name", ["model.onnx", "model.sig", "extra"])
def test_fifo_does_not_block(fleet: Any, tree: Path, name: str) -> None:
    (tree / name).unlink(missing_ok=True)
    os.mkfifo(tree / name)
    within_seconds(lambda: refused(lambda: verify_tree(tree, fleet.pub), "a FIFO") and None)


def test_fifo_as_trust_does_not_block(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fleet.pub")
    within_seconds(lambda: refused(lambda: verify_tree(tree, tmp_path / "fleet.pub")) and None)


def test_socket_and_device(fleet: Any, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)  # the path of a socket is short
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind("s")
        refused(lambda: verify_tree(tree, fleet.pub), "a socket")
    for device in ("/dev/zero", "/dev/tty"):
        refused(lambda device=device: read_file(tree / device), "a character device")  # type: ignore[misc]


def test_directory_in_the_place_of_a_file(fleet: Any, tree: Path) -> None:
    for name in ("contract.json", "model.sig"):
        (tree / name).unlink()
        (tree / name).mkdir()
    refused(lambda: verify_tree(tree, fleet.pub), "a directory")


def test_duplicate_names_in_the_statement(fleet: Any, tree: Path) -> None:
    payload = parse_envelope((tree / "model.sig").read_bytes()).payload
    value = json.loads(payload)
    value["predicate"]["resources"].append(value["predicate"]["resources"][0])
    forged = fleet.sign_payload(json.dumps(value).encode())
    refused(lambda: verify_statement(forged, [fleet.public]), "one on some filesystem")


def test_names_that_collide_by_case_or_unicode(fleet: Any) -> None:
    for pair in [("A", "a"), ("é", "e\u0301"), ("a/x", "A/y")]:
        with pytest.raises(BadInput, match="one on some filesystem"):
            sign_tree(dict.fromkeys(pair, b""), key=fleet.private, name="m")
        payload = write_statement(Statement.of("m", dict.fromkeys(pair, "00" * 32)))
        forged = fleet.sign_payload(payload)
        refused(lambda forged=forged: verify_statement(forged, [fleet.public]), "filesystem")  # type: ignore[misc]


def test_size_differs_from_what_was_signed(fleet: Any, tree: Path) -> None:
    with (tree / "model.onnx").open("ab") as file:
        file.truncate(100_000)
    refused(lambda: verify_tree(tree, fleet.pub), "changed: model.onnx")


def test_swapped_between_verify_and_load_uses_the_verified_bytes(fleet: Any, tree: Path) -> None:
    honest = (tree / "model.onnx").read_bytes()
    verified = verify_tree(tree, fleet.pub)
    (tree / "model.onnx").write_bytes(b"evil")
    assert verified.files["model.onnx"] == honest


def test_every_file_is_opened_once(fleet: Any, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    honest_open = os.open

    def record(path: Any, flags: int, *rest: Any) -> int:
        opened.append(os.path.relpath(path, tree.resolve()))
        return honest_open(path, flags, *rest)

    monkeypatch.setattr(files.os, "open", record)
    verify_tree(tree, fleet.public)
    assert sorted(opened) == sorted(
        ["model.sig", "model.onnx", "contract.json", "native/linux-x86_64.so"]
    )


@pytest.mark.parametrize("name", ["model.onnx", "extra"])
def test_sparse_terabyte_is_refused_at_the_cap(fleet: Any, tree: Path, name: str) -> None:
    with (tree / name).open("ab") as file:
        file.truncate(1 << 40)
    within_seconds(lambda: refused(lambda: verify_tree(tree, fleet.pub), "too large") and None)


def test_endless_folders_are_refused_at_the_cap(fleet: Any, tree: Path) -> None:
    deep = tree
    for _ in range(40):
        deep /= "d"
        deep.mkdir()
    refused(lambda: verify_tree(tree, fleet.pub), "too much")


def test_large_file_that_is_not_kept_is_hashed_in_constant_memory(
    fleet: Any, sign_into: Callable[..., Path], tmp_path: Path
) -> None:
    root = sign_into(tmp_path / "artifact", {"weights": bytes(64 << 20), "small": b"x"})
    tracemalloc.start()
    verified = verify_tree(root, fleet.public, keep=lambda name: name == "small")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert verified.files == {"small": b"x"}
    assert verified.sizes == {"weights": 64 << 20, "small": 1}
    assert peak < 4 << 20


def test_unreadable_root_is_bad_input(fleet: Any, tree: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tree / "model.onnx", "", f"{tree}\0"):
        with pytest.raises((BadInput, Untrusted)):
            verify_tree(path, fleet.pub)
