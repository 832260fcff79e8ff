










import json
from array import array
from binascii import a2b_base64, hexlify
from hashlib import sha256
from struct import unpack_from

import ffi

CLOSE_ON_EXEC, SEALABLE, ADD_SEALS, ALL_SEALS = 1, 2, 1033, 15
CODES = {"float64": "d", "float32": "f", "int64": "q", "bool": "B", "str": "q"}

KEPT = []



def read(path, digest):

    with open(path, "rb") as file:
        data = file.read()
    if hexlify(sha256(data).digest()).decode() != digest:
        raise ValueError(path + " is not the file that was signed")
    return data


def opened(data):

    libc = ffi.open(None)
    number = libc.func("i", "memfd_create", "sI")("edge_model", CLOSE_ON_EXEC | SEALABLE)
    if number < 0:
        raise OSError("the kernel has no memfd_create, or no descriptor is left")
    memory = open(number, "wb")
    written = memory.write(data)
    memory.flush()
    if written != len(data) or libc.func("i", "fcntl", "iii")(number, ADD_SEALS, ALL_SEALS):
        raise OSError("the memory of the compiled model cannot be sealed")
    KEPT.append(memory)
    return ffi.open("/proc/self/fd/" + str(number))


def kind(head):

    arm = head[18:20] in (b"\x28\0", b"\0\x28")
    return head[4:6] + head[18:20] + (head[37:38] if arm else b"")


def load(path, signature_sha256):

    envelope = json.loads(read(path + "/model.sig", signature_sha256))["dsseEnvelope"]
    listed = json.loads(a2b_base64(envelope["payload"]))["predicate"]["resources"]
    digests = {one["name"]: one["digest"] for one in listed}
    contract = json.loads(read(path + "/contract.json", digests["contract.json"]))
    with open("/proc/self/exe", "rb") as file:
        mine = kind(file.read(52))
    for native in contract["native"]:
        name = native["file"]
        data = read(path + "/" + name, digests[name]) if name.endswith(".so") else bytes(52)
        if kind(data) == mine:
            model = Model(opened(data), contract, native)
            model.self_test(read(path + "/golden.bin", digests["golden.bin"]))
            return model
    raise ValueError("the artifact has no compiled model for this processor")


class Model:


    def __init__(self, library, contract, native):
        if library.func("i", "edge_model_abi", "")() != native["abi"] or native["abi"] != 1:
            raise ValueError("the compiled model has another format")
        self.contract = contract
        self.features = contract["inputs"][0]["shape"][1]
        self.text = library.func("s", "edge_model_string", "q")
        self.workspace = array("d", [0.0] * (native["row_bytes"] // 8))
        self.verbs = {}
        for output in contract["outputs"]:
            self.verbs.setdefault(output["verb"], []).append(output)
        for verb, outputs in self.verbs.items():
            function = library.func("i", "edge_model_" + verb, "PL" * (2 + len(outputs)))
            self.verbs[verb] = (function, outputs)

    def predict(self, rows):

        found = self.run("predict", rows)[0]
        return found if len(found) > 1 else found[0]

    def run(self, verb, rows):

        function, outputs = self.verbs[verb]
        n = len(rows) // self.features
        answers = [array(CODES[o["dtype"]], [0] * (n * width(o))) for o in outputs]
        pairs = [item for answer in answers for item in (answer, len(answer))]
        status = function(rows, len(rows), *pairs, self.workspace, len(self.workspace) * 8)
        if status >= 16:
            raise ValueError(self.contract["checks"][status - 16]["message"])
        if status:
            raise ValueError(f"the row is refused: status {status} of edge_model.h")
        texts = [o["dtype"] == "str" for o in outputs]
        return [list(map(self.text, a)) if t else list(a) for a, t in zip(answers, texts)]

    def self_test(self, golden):

        tensors = self.contract["golden"]
        tolerance = self.contract["certificate"]["relative_tolerance"]
        rows = array("d", numbers(tensors["inputs"][0], golden))
        wanted = {one["name"]: numbers(one, golden) for one in tensors["outputs"]}
        for verb, (_, outputs) in self.verbs.items():
            for output, got in zip(outputs, self.run(verb, rows)):
                for mine, want in zip(got, wanted[output["name"]]):
                    near = tolerance * max(abs(want), output["scale"]) if output["scale"] else 0
                    is_number = mine == mine or want == want
                    if mine != want and is_number and not (near and abs(mine - want) <= near):
                        raise ValueError("the self-test failed: " + verb)


def width(output):

    whole = 1
    for length in output["shape"][1:]:
        whole *= length
    return whole


def numbers(tensor, golden):

    at, count = tensor["offset_bytes"], 1
    for length in tensor["shape"]:
        count *= length
    if tensor["dtype"] != "str":
        return list(unpack_from(f"<{count}{CODES[tensor['dtype']]}", golden, at))
    found = []
    for _ in range(count):
        length = unpack_from("<I", golden, at)[0]
        found.append(golden[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return found
