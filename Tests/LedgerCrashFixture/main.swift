import Glibc
import Ledger

// Appends leaves to the log in the directory given, for ever, and says on standard output up to which index they are
// written, so that a test can kill it at any moment and compare. A leaf is its index and filler.

func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

var options = LogWriter.Options()
options.segmentByteCount = 64 << 10
let log = try LogWriter(directory: CommandLine.arguments[1], origin: "sluice.example/test", options: options)
let integrator = try LogIntegrator(log: log, every: .milliseconds(2)) { say("error \($0)") }
Task.detached { await integrator.run() }
var next = log.writtenSize
say("ready \(next)")
while true {
  for _ in 0..<5 {
    let filler = [UInt8](repeating: 0x2e, count: Int(next % 700))
    next = try log.append(Array("leaf \(next) ".utf8) + filler) + 1
  }
  say("written \(next)")
}
