/// Runs the detectors over a text, in time linear in its length whatever it holds.
public struct TextDetectors: Sendable {
  public let enabled: DetectorSet

  public init(_ enabled: DetectorSet = .all) { self.enabled = enabled }

  /// The findings in UTF-8 `text`, in order and without overlap.
  public func findings(in text: String) -> [TextFinding] {
    var text = text
    var findings: [TextFinding] = []
    text.withUTF8 { bytes in
      guard let base = bytes.baseAddress else { return }
      scan(TextBytes(base: base, count: bytes.count), TextContext()) { findings.append($0) }
    }
    return findings
  }

  /// Hands every finding of `text` to `report`, in order and without overlap.
  func scan(_ text: TextBytes, _ context: TextContext, report: (TextFinding) -> Void) {
    let candidates = CandidateScanner(text)
    let addresses = AddressDetector(text: text)
    let secrets = SecretDetector(text: text)
    var numbers = NumberDetector(text: text, context: context)
    var at = 0
    var floor = 0

    func accept(_ finding: TextFinding) {
      var finding = finding
      if context.hasEscapes, isInsideEscape(finding.range.lowerBound, of: text, floor: floor) {
        finding.range = (finding.range.lowerBound + 1)..<finding.range.upperBound
      }
      floor = finding.range.upperBound
      if enabled.contains(finding.kind) { report(finding) }
    }

    while let candidate = candidates.first(from: at) {
      switch candidate.kind {
      case .escape: at = candidate.position + 1
      case .at:
        at = candidate.position + 1
        guard let finding = addresses.match(at: candidate.position, floor: floor) else { continue }
        accept(finding)
        at = max(at, finding.range.upperBound)
      case .secret:
        at = candidate.position + 1
        guard let finding = secrets.match(anchor: candidate.position), finding.range.lowerBound >= floor else { continue }
        accept(finding)
        at = max(at, finding.range.upperBound)
        if finding.kind == .awsAccessKey, let key = secrets.awsSecret(afterID: at) {
          accept(key)
          at = key.range.upperBound
        }
      case .digits:
        at = numbers.scan(from: candidate.position, floor: floor, report: accept)
      }
    }
  }

  /// Whether the byte at `position` is the letter of an escape, as the `r` of a carriage return before `k_live_`.
  private func isInsideEscape(_ position: Int, of text: TextBytes, floor: Int) -> Bool {
    guard text[position].isEscapeLetter else { return false }
    var slashes = 0
    while position - slashes > floor, text[position - slashes - 1] == UInt8(ascii: "\\") { slashes += 1 }
    return slashes % 2 == 1
  }
}

/// What is known about a text besides its bytes.
struct TextContext {
  /// The name of the object member whose value the text is.
  var name: TextBytes?
  /// Whether the text is a JSON number: then only its length, check digits and name can tell what it is.
  var isNumber = false
  /// Whether the text still has the (plain) escapes of a JSON string.
  var hasEscapes = false
}
