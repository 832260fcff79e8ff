// A bundle's artifact in an Android app, by com.microsoft.onnxruntime:onnxruntime-android (1.21 or
// newer, not 1.26 or 1.27). Names, shapes and places are those of contract.json of the digits.
// Compiled against the library's interface; not run on a phone.

import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtEnvironment
import ai.onnxruntime.OrtSession
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.DoubleBuffer
import java.security.KeyFactory
import java.security.MessageDigest
import java.security.Signature
import java.security.spec.X509EncodedKeySpec

class Answer(val label: Long, val probabilities: DoubleArray)

class Refused(what: String) : Exception(what)

/** Bytes that `key` signed: read once, hashed, and used as they were hashed. */
class Verified(folder: File, key: ByteArray) {
    val files: Map<String, ByteArray>

    init {
        val envelope = File(folder, "model.sig").readText()
        val payload = unpack(between(envelope, "\"payload\":\""))
        val head = "DSSEv1 28 application/vnd.in-toto+json ${payload.size} ".toByteArray()
        val verifier = Signature.getInstance("SHA256withECDSA")
        verifier.initVerify(KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(key)))
        verifier.update(head + payload)
        if (!verifier.verify(unpack(between(envelope, "\"sig\":\"")))) throw Refused("signature")
        val listed = Regex("\\{\"name\":\"([^\"]+)\",\"algorithm\":\"sha256\",\"digest\":\"([0-9a-f]{64})\"\\}")
            .findAll(String(payload)).associate { it.groupValues[1] to it.groupValues[2] }
        val found = folder.walk().filter { it.isFile && it.name != "model.sig" }
        if (found.map { it.relativeTo(folder).path }.toSet() != listed.keys) throw Refused("files")
        files = listed.mapValues { (name, digest) ->
            val bytes = File(folder, name).readBytes()
            val actual = MessageDigest.getInstance("SHA-256").digest(bytes)
            if (actual.joinToString("") { "%02x".format(it) } != digest) throw Refused(name)
            bytes
        }
    }

    private fun between(text: String, mark: String) =
        text.substringAfter(mark, "").substringBefore('"')

    private fun unpack(text: String) = java.util.Base64.getDecoder().decode(text)
}

/** The graph, after its golden vectors: 18 rows of 64, their labels and probabilities. */
class Digits(verified: Verified) {
    private val environment = OrtEnvironment.getEnvironment()
    private val session: OrtSession

    init {
        val options = OrtSession.SessionOptions()
        options.setIntraOpNumThreads(1)
        // Two optimisers read a double as float32: x + 1e-60 would become x.
        options.addConfigEntry(
            "optimization.disable_specified_optimizers", "MatMulScaleFusion;NoopElimination"
        )
        session = environment.createSession(verified.files.getValue("model.onnx"), options)
        val golden = ByteBuffer.wrap(verified.files.getValue("golden.bin"))
            .order(ByteOrder.LITTLE_ENDIAN)
        for (i in 0 until 18) {
            val answer = predict(DoubleArray(64) { golden.getDouble(8 * (64 * i + it)) })
            if (answer.label != golden.getLong(9216 + 8 * i)) throw Refused("golden vector $i")
            for (k in 0 until 10) {
                val want = golden.getDouble(10800 + 8 * (10 * i + k))
                if (Math.abs(answer.probabilities[k] - want) > 1e-9) throw Refused("vector $i")
            }
        }
    }

    /** One row of 64 numbers from 0 to 16, finite: anything else is refused, for no graph can. */
    fun predict(row: DoubleArray): Answer {
        if (row.size != 64 || row.any { it.isNaN() || it.isInfinite() }) throw Refused("the row")
        val rows = DoubleBuffer.wrap(row)
        val X = OnnxTensor.createTensor(environment, rows, longArrayOf(1, 64))
        try {
            val found = session.run(mapOf("X" to X), setOf("label", "probabilities"))
            try {
                val label = (found.get("label").get().value as LongArray)[0]
                @Suppress("UNCHECKED_CAST")
                val scores = found.get("probabilities").get().value as Array<DoubleArray>
                return Answer(label, scores[0])
            } finally {
                found.close()
            }
        } finally {
            X.close()
        }
    }
}
