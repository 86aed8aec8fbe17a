internal import Foundation
internal import JSON

/// How many allocations each kind of work may take: one file for each compiler, since counts belong to it.
package struct AllocationThresholds {
  /// The compiler that made this program.
  private static var compiler: String {
    #if compiler(>=6.5)
      "unknown"
    #elseif compiler(>=6.4)
      "6.4"
    #else
      "6.3"
    #endif
  }

  private let file: URL
  /// To what fraction thresholds are written.
  private let decimals: Int

  /// - Parameters:
  ///   - folder: of the files.
  ///   - suffix: tells this program's file from those of others: `6.3` and `suffix`, `.json`.
  ///   - decimals: 0 where counts are of one piece of work, 1 where they are shares of a page.
  package init(folder: String, suffix: String = "", decimals: Int = 0) {
    file = URL(filePath: folder).appending(path: "\(Self.compiler)\(suffix).json")
    self.decimals = decimals
  }

  /// Writes counts, rounded up, as the new thresholds. What is not among them stays as it is.
  package func write(_ counted: [(name: String, count: Double)]) throws {
    var values = (try? read())?.object ?? JSONObject()
    let unit = pow(10, Double(decimals))
    for (name, count) in counted { values[name] = JSONNumber((count * unit).rounded(.up) / unit).map { .number($0) } }
    let lines = values.map { "  \"\($0.name)\": \($0.value.text)" }.joined(separator: ",\n")
    try Data("{\n\(lines)\n}\n".utf8).write(to: file)
  }

  private func read() throws -> JSONValue {
    guard let data = try? Data(contentsOf: file) else { throw BenchmarkError("there are no thresholds in \(file.path): --write makes them") }
    return try JSONValue(parsing: String(decoding: data, as: UTF8.self))
  }

  /// Prints counts beside their thresholds. Counts vary a little with the growth of buffers and the turns of event loops: 2 per cent,
  /// or half of the last digit that is written, is no excess.
  ///
  /// - Returns: whether all keep to them. Work without a threshold does not.
  package func hold(_ counted: [(name: String, count: Double)]) throws -> Bool {
    let pinned = try read()
    var areKept = true
    for (name, count) in counted {
      let threshold = pinned[name]?.double
      let isKept = threshold.map { count <= $0 + max(0.5 / pow(10, Double(decimals)), $0 * 0.02) } ?? false
      areKept = areKept && isKept
      let limit = threshold.map { String(format: "%.\(decimals)f", $0) } ?? "none"
      let title = name.padding(toLength: 28, withPad: " ", startingAt: 0)
      print("\(title) \(String(format: "%8.2f", count)) allocations, threshold \(limit)\(isKept ? "" : "  TOO MANY")")
    }
    return areKept
  }
}
