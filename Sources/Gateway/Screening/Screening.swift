public import JSON
internal import NIOCore

/// The screening stage: what of a result may reach the principal.
///
/// Results are `tools/call`, `resources/read` and `prompts/get` results. In this order: bounds, rows, declared fields,
/// detectors. A result that passes is not copied. Base64 (`data` of images and audio, `blob` of resources) is not text and is
/// not looked into, whatever its media type.
public struct Screening: Sendable {
  public struct Configuration: Sendable, Hashable {
    /// How detected values are masked.
    public var style: MaskStyle

    public init(style: MaskStyle = .placeholder) { self.style = style }
  }

  /// The member of a result's `_meta` that says how many records were cut off: `{"rows": 12}`.
  public static let truncatedKey = "dev.sluice/truncated"

  public let configuration: Configuration

  public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

  /// Screens `result` by `plan`.
  ///
  /// - Throws: ``ScreeningRefusal`` if nothing of the result may be passed on.
  public func screen(_ result: RawJSON, plan: ScreeningPlan) throws(ScreeningRefusal) -> ScreenedResult {
    try checkBounds(result, plan.bounds)
    var edits = ResultEdits()
    var outcome = ScreeningOutcome()
    let structured = plan.readsStructure ? result["structuredContent"] : nil
    if let structured, !structured.isNull {
      try StructureScreen(plan: plan).screen(structured, &edits, &outcome)
    } else if plan.needsStructure, !plan.trustsText || (result["content"] != nil && result["isError"]?.bool != true) {
      throw ScreeningRefusal.unstructured(outcome)
    }
    // Text that an upstream writes beside the structure could hold what the rules take from it, even where they found nothing.
    let isRestructured = !edits.isEmpty || (plan.needsStructure && !plan.trustsText)

    var refused: DataCategory?
    let body: ScreenedResult.Body = result.withBytes { bytes in
      guard let base = bytes.baseAddress else { return .untouched(result) }
      let text = TextBytes(base: base, count: bytes.count)
      let origin = result.range.lowerBound
      if !plan.detectors.isEmpty {
        var screen = TextScreen(text, origin: origin, removed: edits, plan: plan, style: configuration.style)
        if !screen.isClean {
          screen.screen(result: result, skipsContent: isRestructured, &edits, &outcome)
          refused = screen.refused
        }
      }
      guard refused == nil, isRestructured || !edits.isEmpty else { return .untouched(result) }
      edits.sort()
      if isRestructured, let structured {
        repeatStructure(structured, in: result, text, &edits)
        if outcome.rowsTruncated > 0 { noteTruncation(outcome.rowsTruncated, in: result, &edits) }
        edits.sort()
      }
      var output = ByteBuffer()
      output.reserveCapacity(bytes.count + 256)
      edits.splice(result.range, of: text, origin: origin) { output.writeBytes($0) }
      return .rewritten(output)
    }
    if let refused { throw ScreeningRefusal.uncleared(refused, outcome) }
    return ScreenedResult(body: body, outcome: outcome)
  }

  // MARK: Bounds

  private func checkBounds(_ result: RawJSON, _ bounds: ResultBounds) throws(ScreeningRefusal) {
    guard result.range.count <= bounds.bytes else {
      throw ScreeningRefusal(
        .tooLarge, "The result has \(result.range.count) bytes, the limit is \(bounds.bytes). Ask for fewer or smaller items.")
    }
    guard let depth = bounds.depth, !result.isNested(within: depth) else { return }
    throw ScreeningRefusal(.tooDeep, "The result is nested deeper than \(depth) levels. Ask for a part of it.")
  }

  // MARK: Rewriting

  /// Text blocks repeat `structuredContent` in their own words; the screened text takes their place.
  private func repeatStructure(_ structured: RawJSON, in result: RawJSON, _ text: TextBytes, _ edits: inout ResultEdits) {
    guard let content = result["content"] else { return }
    var screened: [UInt8] = []
    screened.reserveCapacity(structured.range.count)
    edits.splice(structured.range, of: text, origin: result.range.lowerBound) { screened.append(contentsOf: $0) }
    edits.replace(content.range) { output in
      output.append(contentsOf: #"[{"type":"text","text":""#.utf8)
      for byte in screened {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          output.append(UInt8(ascii: "\\"))
          output.append(byte)
        case UInt8(ascii: "\n"): output.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\r"): output.append(contentsOf: #"\r"#.utf8)
        case UInt8(ascii: "\t"): output.append(contentsOf: #"\t"#.utf8)
        default: output.append(byte)
        }
      }
      output.append(contentsOf: #""}]"#.utf8)
    }
  }

  private func noteTruncation(_ rows: Int, in result: RawJSON, _ edits: inout ResultEdits) {
    let note = #""\#(Self.truncatedKey)":{"rows":\#(rows)}"#
    guard let meta = result["_meta"] else {
      let start = result.range.lowerBound + 1
      return edits.replace(start..<start) { $0.append(contentsOf: #""_meta":{\#(note)},"#.utf8) }
    }
    if let old = meta[Self.truncatedKey] {
      return edits.replace(old.range) { $0.append(contentsOf: #"{"rows":\#(rows)}"#.utf8) }
    }
    guard meta.kind == .object else { return edits.replace(meta.range) { $0.append(contentsOf: "{\(note)}".utf8) } }
    let start = meta.range.lowerBound + 1
    let comma = meta.members.contains { _ in true } ? "," : ""
    edits.replace(start..<start) { $0.append(contentsOf: (note + comma).utf8) }
  }
}
