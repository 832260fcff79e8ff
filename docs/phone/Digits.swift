// A bundle's artifact in an iOS app, by the pod onnxruntime-objc (1.21 or newer, not 1.26 or 1.27).
// Names, shapes and places are those of contract.json of the digits. Not compiled, not run.

import CryptoKit
import Foundation
import onnxruntime_objc

struct Refused: Error { let what: String }

/// Bytes that `key` signed: read once, hashed, and used as they were hashed.
func verified(_ folder: URL, key: P256.Signing.PublicKey) throws -> [String: Data] {
    let bundle = try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appendingPathComponent("model.sig"))) as? [String: Any]
    guard let envelope = bundle?["dsseEnvelope"] as? [String: Any],
        let payload = Data(base64Encoded: envelope["payload"] as? String ?? ""),
        let entry = (envelope["signatures"] as? [[String: Any]])?.first,
        let der = Data(base64Encoded: entry["sig"] as? String ?? ""),
        let signature = try? P256.Signing.ECDSASignature(derRepresentation: der)
    else { throw Refused(what: "model.sig") }
    let head = Data("DSSEv1 28 application/vnd.in-toto+json \(payload.count) ".utf8)
    guard key.isValidSignature(signature, for: head + payload) else { throw Refused(what: "signature") }
    let statement = try JSONSerialization.jsonObject(with: payload) as? [String: Any]
    let predicate = statement?["predicate"] as? [String: Any]
    var files: [String: Data] = [:]
    for one in predicate?["resources"] as? [[String: String]] ?? [] {
        let name = one["name"] ?? ""
        let data = try Data(contentsOf: folder.appendingPathComponent(name))
        let digest = SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
        guard digest == one["digest"] else { throw Refused(what: name) }
        files[name] = data
    }
    return files
}

/// The graph; before anything else run the 18 golden vectors, as in Digits.kt:
/// rows at byte 0, labels at 9216 (Int64), probabilities at 10800 (Double), all little-endian.
final class Digits {
    private let session: ORTSession

    init(model: URL, environment: ORTEnv) throws {
        let options = try ORTSessionOptions()
        try options.setIntraOpNumThreads(1)
        // Two optimisers read a double as float32: x + 1e-60 would become x.
        try options.addConfigEntry(
            withKey: "optimization.disable_specified_optimizers",
            value: "MatMulScaleFusion;NoopElimination")
        session = try ORTSession(env: environment, modelPath: model.path, sessionOptions: options)
    }

    /// One row of 64 finite numbers from 0 to 16.
    func predict(_ row: [Double]) throws -> (label: Int64, probabilities: [Double]) {
        guard row.count == 64, row.allSatisfy({ $0.isFinite }) else { throw Refused(what: "the row") }
        let bytes = NSMutableData(bytes: row, length: 8 * row.count)
        let X = try ORTValue(tensorData: bytes, elementType: .double, shape: [1, 64])
        let found = try session.run(
            withInputs: ["X": X], outputNames: ["label", "probabilities"], runOptions: nil)
        guard let label = try found["label"]?.tensorData() as Data?,
            let scores = try found["probabilities"]?.tensorData() as Data?
        else { throw Refused(what: "an output") }
        return (
            label.withUnsafeBytes { $0.load(as: Int64.self) },
            scores.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) })
    }
}
