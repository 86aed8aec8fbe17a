import Foundation
import JSON
import Testing

/// Holds what a client sent against the published schema of its revision.
struct ClientMessageSchema {
  /// The folder with the published schemas; nil if it is not there.
  static let shared: String? = {
    var root = URL(filePath: #filePath)
    while root.path != "/", !FileManager.default.fileExists(atPath: root.appending(path: "Package.swift").path) { root = root.deletingLastPathComponent() }
    let folder = ProcessInfo.processInfo.environment["SLUICE_SHARED"] ?? root.deletingLastPathComponent().appending(path: "shared").path
    return FileManager.default.fileExists(atPath: folder + "/spec") ? folder : nil
  }()

  private let document: JSONValue
  private let byMethod: [String: String]

  init(_ revision: String) throws {
    let folder = try #require(Self.shared)
    let text = try String(contentsOfFile: "\(folder)/spec/\(revision)/schema.json", encoding: .utf8)
    var document = try JSONValue(parsing: text)
    // The schemas say "integer" where the specification lets a form have any number.
    document["$defs"]?["ElicitResult"]?["properties"]?["content"] = ["type": "object"]
    var byMethod: [String: String] = [:]
    for (name, definition) in document["$defs"]?.object ?? [:] {
      if let method = definition["properties"]?["method"]?["const"]?.string { byMethod[method] = name }
    }
    self.document = document
    self.byMethod = byMethod
  }

  /// Records an issue for each message that the schema does not allow.
  func check(_ requests: [SeenRequest], at location: SourceLocation = #_sourceLocation) throws {
    for request in requests where !request.message.isNull {
      let name = request.rpcMethod.map { byMethod[$0] } ?? "JSONRPCResultResponse"
      guard let name else {
        Issue.record("no message of this name: \(request.message.text)", sourceLocation: location)
        continue
      }
      try check(request.message, name, location)
    }
  }

  func check(_ value: JSONValue, _ definition: String, _ location: SourceLocation = #_sourceLocation) throws {
    var schema = document
    schema["$ref"] = .string("#/$defs/\(definition)")
    let violations = try JSONSchema(schema).validate(value.raw)
    if let first = violations.first { Issue.record("\(definition): \(first)\n\(value.text)", sourceLocation: location) }
  }
}
