internal import JSON

/// Text that people outside wrote (messages, issue bodies, documents): it may hold instructions to the model, which are not the
/// user's. Results that hold such text say so, to clients in `_meta` and to the model in words.
public enum UntrustedText {
  /// The key of `_meta`: its value lists JSON Pointers, in which `*` stands for each element.
  public static let metaKey = "dev.sluice/untrusted"

  /// Marks a result, besides what is marked in it already.
  ///
  /// - Parameter pointers: JSON Pointers into `structuredContent` at which such text stands.
  public static func mark(_ result: ToolResult, _ pointers: String...) -> ToolResult {
    var result = result
    var meta = result.meta ?? JSONObject()
    let known = meta[metaKey]?.array ?? []
    meta[metaKey] = .array(known + pointers.map { .string($0) }.filter { !known.contains($0) })
    result.meta = meta
    return result
  }

  /// Marks the whole of what was read.
  public static func mark(_ result: ReadResult) -> ReadResult {
    var result = result
    var meta = result.meta ?? JSONObject()
    meta[metaKey] = ["/contents"]
    result.meta = meta
    return result
  }

  /// A text in a frame that says where it begins and ends. The frame cannot be closed from within.
  public static func framed(_ text: String, source: String) -> String {
    let safe = text.replacing("</untrusted>", with: "<\\/untrusted>")
    return "<untrusted source=\"\(source.replacing("\"", with: "'"))\">\n\(safe)\n</untrusted>"
  }
}
