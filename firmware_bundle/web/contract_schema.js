/** Generated from edge_infer's dataclasses by `python -m firmware_bundle.phone.schema`. */

export const FORMAT = 1;

/** Dataclass to field to its type and whether it must be there. */
export const SCHEMA = /** @type {Record<string, Record<string, [string, boolean]>>} */ ({
  "Contract": {
    "format": ["int", true],
    "name": ["str", true],
    "sequence": ["int", true],
    "created": ["str", true],
    "expires": ["str|null", true],
    "target": ["str", true],
    "inputs": ["list:Input", true],
    "image": ["Image|null", true],
    "outputs": ["list:Output", true],
    "classes": ["Classes|null", true],
    "golden": ["Golden", true],
    "certificate": ["Certificate", true],
    "source": ["Source", true],
    "runtimes": ["Runtimes", true],
    "target_classes": ["list:Classes", false],
    "checks": ["list:Check", false],
    "texts": ["list:Text", false],
    "native": ["list:NativeModel", false]
  },
  "Input": {
    "name": ["str", true],
    "dtype": ["str", true],
    "shape": ["list:int/null", true],
    "columns": ["list:str|null", true],
    "accepts": ["list:str", true],
    "nan": ["bool", true],
    "infinite": ["bool", true],
    "limit": ["float|null", true],
    "missing": ["str|null", false]
  },
  "Image": {
    "input": ["str", true],
    "mode": ["str", true],
    "width": ["int", true],
    "height": ["int", true],
    "low": ["float", true],
    "high": ["float", true],
    "invert": ["bool", true],
    "resample": ["str", true]
  },
  "Output": {
    "verb": ["str", true],
    "name": ["str", true],
    "dtype": ["str", true],
    "shape": ["list:int/null", true],
    "kind": ["str", true],
    "scale": ["float", true],
    "target": ["int|null", false]
  },
  "Classes": {
    "dtype": ["str", true],
    "values": ["list:str/int/float/bool", true],
    "numpy": ["str|null", false]
  },
  "Golden": {
    "rows": ["int", true],
    "inputs": ["list:Tensor", true],
    "outputs": ["list:Tensor", true]
  },
  "Tensor": {
    "name": ["str", true],
    "dtype": ["str", true],
    "shape": ["list:int", true],
    "offset_bytes": ["int", true],
    "size_bytes": ["int", true]
  },
  "Certificate": {
    "relative_tolerance": ["float", true],
    "probes": ["list:ProbeCount", true],
    "parity": ["list:Parity", true],
    "engine": ["str", true],
    "notes": ["list:str", true]
  },
  "ProbeCount": {
    "kind": ["str", true],
    "rows": ["int", true]
  },
  "Parity": {
    "output": ["str", true],
    "compared": ["int", true],
    "differ": ["int", true],
    "undecided": ["int", true],
    "widest_undecided": ["float", true],
    "max_difference": ["float", true]
  },
  "Source": {
    "estimator": ["str", true],
    "sha256": ["str|null", true],
    "versions": ["dict:str", true]
  },
  "Runtimes": {
    "minimum": ["str", true],
    "refused": ["list:str", true]
  },
  "Check": {
    "name": ["str", true],
    "message": ["str", true]
  },
  "Text": {
    "input": ["str", true],
    "analyzer": ["str", true],
    "ngram_range": ["list:int", true],
    "lowercase": ["bool", true],
    "strip_accents": ["str|null", true],
    "token_pattern": ["str|null", true],
    "stop_words": ["list:str", true],
    "vocabulary": ["list:str", true],
    "n_features": ["int", true],
    "alternate_sign": ["bool", true],
    "binary": ["bool", true],
    "unicode": ["str", true],
    "characters": ["list:int", true]
  },
  "NativeModel": {
    "target": ["str", true],
    "file": ["str", true],
    "sha256": ["str", true],
    "size_bytes": ["int", true],
    "abi": ["int", true],
    "workspace_bytes": ["int", true],
    "row_bytes": ["int", true],
    "rows_compared": ["int", true]
  },
  "Detector": {
    "format": ["int", true],
    "features": ["str", true],
    "step": ["float", true],
    "least": ["float", true],
    "doubt": ["float", true],
    "min_score": ["float", true],
    "box": ["list:float", true]
  }
});
