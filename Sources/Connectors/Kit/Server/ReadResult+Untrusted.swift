public import MCP

extension ReadResult {
  /// What people wrote at a vendor, as a resource: in a frame for the model, and marked for clients.
  ///
  /// - Parameters:
  ///   - source: where it is from, as the frame says it.
  ///   - note: ours, below the frame: that there is more, for example.
  public static func untrusted(_ text: String, source: String, note: String? = nil, mimeType: String? = nil) -> ReadResult {
    UntrustedText.mark(.text(UntrustedText.framed(text, source: source) + (note.map { "\n" + $0 } ?? ""), mimeType: mimeType))
  }
}
