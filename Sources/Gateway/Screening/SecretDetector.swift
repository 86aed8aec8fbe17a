/// Keys and tokens with a known prefix, JSON Web Tokens, PEM private keys and `Authorization` values.
struct SecretDetector {
  let text: TextBytes

  /// The finding whose prefix has its anchor byte at `anchor`.
  func match(anchor: Int) -> TextFinding? {
    guard let prefix = SecretPrefix(in: text, anchor: anchor) else { return nil }
    switch prefix.form {
    case .token(let kind): return token(kind, prefix)
    case .awsSecret: return awsSecret(from: prefix.body)
    case .jwt: return jwt(prefix)
    case .pem: return pem(prefix)
    case .authorization(let basic): return authorization(prefix, basic: basic)
    }
  }

  private func token(_ kind: DetectorKind, _ prefix: SecretPrefix) -> TextFinding? {
    let body = prefix.body
    let end: Int
    let least: Int
    switch kind {
    case .awsAccessKey:
      end = text.end(from: body) { $0.isUpper || $0.isDigit }
      guard end - body == 16, !text[end].isWord else { return nil }
      least = 16
    case .githubToken, .stripeKey, .sluiceToken:
      end = text.end(from: body) { kind == .sluiceToken ? $0.isToken : $0.isWord }
      least = kind == .githubToken ? 22 : 16
    case .googleKey, .npmToken:
      end = text.end(from: body) { $0.isToken }
      least = kind == .googleKey ? 35 : 36
    case .openAIKey, .slackToken:
      // English has words with hyphens too; a key shows within its first characters that it is none.
      guard looksRandom(from: body, needsBothCases: kind == .openAIKey) else { return nil }
      end = text.end(from: body) { $0.isToken }
      least = kind == .openAIKey ? 20 : 10
    default:
      end = text.end(from: body) { $0.isToken }
      least = 20
    }
    return end - body >= least ? TextFinding(kind: kind, range: prefix.start..<end) : nil
  }

  /// Whether the next 64 token characters hold a digit and, if asked, letters of both cases.
  private func looksRandom(from start: Int, needsBothCases: Bool, isBase64: Bool = false) -> Bool {
    var digit = false
    var upper = false
    var lower = false
    _ = text.end(from: start, limit: 64) { byte in
      digit = digit || byte.isDigit
      upper = upper || byte.isUpper
      lower = lower || byte.isLower
      return isBase64 ? byte.isBase64 : byte.isToken
    }
    return digit && (!needsBothCases || upper && lower)
  }

  /// The 40 characters of an AWS secret access key a few bytes after `start`, where its name ended.
  func awsSecret(from start: Int) -> TextFinding? {
    let value = text.end(from: start, limit: 12) { !$0.isBase64 || $0 == UInt8(ascii: "=") }
    let end = text.end(from: value, limit: 41) { $0.isBase64 }
    guard end - value == 40, looksRandom(from: value, needsBothCases: true, isBase64: true) else { return nil }
    return TextFinding(kind: .awsSecretKey, range: value..<end)
  }

  /// A secret access key that follows an access key id within a few lines.
  func awsSecret(afterID end: Int) -> TextFinding? {
    var at = end
    let stop = min(text.count, end + 200)
    while at < stop {
      guard text.base[at].isBase64 else { at += 1; continue }
      let run = text.end(from: at, limit: 64) { $0.isBase64 && $0 != UInt8(ascii: "=") }
      if run - at == 40, looksRandom(from: at, needsBothCases: true, isBase64: true) {
        return TextFinding(kind: .awsSecretKey, range: at..<run)
      }
      at = max(run, at + 1)
    }
    return nil
  }

  /// RFC 7519: header and claims begin with `{"`, which is `eyJ` in base64url.
  private func jwt(_ prefix: SecretPrefix) -> TextFinding? {
    guard text[prefix.start - 1] != UInt8(ascii: "-") else { return nil }
    let header = text.end(from: prefix.body) { $0.isToken }
    guard header - prefix.body >= 8, text.holds(".eyJ", at: header) else { return nil }
    let claims = text.end(from: header + 4) { $0.isToken }
    guard claims - header >= 8 else { return nil }
    guard text[claims] == UInt8(ascii: ".") else { return TextFinding(kind: .jwt, range: prefix.start..<claims) }
    return TextFinding(kind: .jwt, range: prefix.start..<text.end(from: claims + 1) { $0.isToken })
  }

  /// RFC 7468: from the BEGIN line to the END line, or to where the base64 text stops.
  private func pem(_ prefix: SecretPrefix) -> TextFinding? {
    let label = text.end(from: prefix.body, limit: 40) { $0.isUpper || $0.isDigit || $0 == UInt8(ascii: " ") }
    let isPrivate = text.holds("PRIVATE KEY", at: label - 11) || text.holds("PRIVATE KEY BLOCK", at: label - 17)
    guard isPrivate, text.holds("-----", at: label) else { return nil }
    var end = label + 5
    while end < text.count, !text.holds("-----", at: end) {
      // Headers of encrypted keys (RFC 1421) have colons, commas and single dashes.
      let byte = text.base[end]
      guard byte.isBase64 || byte.isPEMPunctuation else { break }
      end += 1
    }
    let ends = text.holds("-----END ", at: end)
    // Where the text stops early, the rest of it keeps its own punctuation, backslashes of escapes above all.
    while !ends, end > label, text[end - 1].isPEMPunctuation { end -= 1 }
    guard end - label >= 24 else { return nil }
    if ends {
      let last = text.end(from: end + 9, limit: 40) { $0.isUpper || $0.isDigit || $0 == UInt8(ascii: " ") }
      if text.holds("-----", at: last) { end = last + 5 }
    }
    return TextFinding(kind: .privateKey, range: prefix.start..<end)
  }

  /// RFC 6750 section 2.1 and RFC 7617: the credentials after the scheme's name.
  private func authorization(_ prefix: SecretPrefix, basic: Bool) -> TextFinding? {
    guard basic || looksRandom(from: prefix.body, needsBothCases: false) else { return nil }
    let end = text.end(from: prefix.body) { byte in
      byte.isToken || byte.isBase64 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
    }
    return end - prefix.body >= (basic ? 8 : 16)
      ? TextFinding(kind: .authorization, range: prefix.body..<end) : nil
  }
}

extension UInt8 {
  fileprivate var isPEMPunctuation: Bool {
    switch self {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: " "), UInt8(ascii: "\\"),
      UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
