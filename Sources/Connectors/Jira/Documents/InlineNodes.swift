internal import JSON

/// Inline nodes of a document as they are read from left to right: text gathers until something else comes.
struct InlineNodes {
  private(set) var nodes: [JSONValue] = []
  /// What has no node yet.
  var text = ""

  mutating func add(_ text: String, _ marks: [JSONValue]) {
    guard !text.isEmpty else { return }
    var node: JSONValue = ["type": "text", "text": .string(text)]
    if !marks.isEmpty { node["marks"] = .array(marks) }
    nodes.append(node)
  }

  /// Makes a node of the text so far.
  mutating func flush(_ marks: [JSONValue]) {
    add(text, marks)
    text = ""
  }

  mutating func addBreak(_ marks: [JSONValue]) {
    flush(marks)
    nodes.append(["type": "hardBreak"])
  }

  static func += (inline: inout InlineNodes, nodes: [JSONValue]) { inline.nodes += nodes }
}
