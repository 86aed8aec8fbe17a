/// The prefix of a known kind of key or token, recognized at its last or most telling byte.
struct SecretPrefix {
  enum Form { case token(DetectorKind), awsSecret, jwt, pem, authorization(basic: Bool) }

  let form: Form
  /// Where the prefix begins.
  let start: Int
  /// Where what follows the prefix begins.
  let body: Int

  private init(_ form: Form, from start: Int, body: Int) {
    self.form = form
    self.start = start
    self.body = body
  }

  /// The prefix whose anchor byte (`_`, `-`, `I`, `J` or `B`) stands at `anchor`; nil if there is none.
  init?(in text: TextBytes, anchor: Int) {
    let found: SecretPrefix? =
      switch text.base[anchor] {
      case UInt8(ascii: "_"): Self.underscore(text, anchor)
      case UInt8(ascii: "-"): Self.dash(text, anchor)
      case UInt8(ascii: "J"): text.holds("ey", at: anchor - 2) ? Self(.jwt, from: anchor - 2, body: anchor + 1) : nil
      case UInt8(ascii: "I"): Self.cloud(text, anchor)
      case UInt8(ascii: "B"): Self.scheme(text, anchor)
      default: nil
      }
    guard let found else { return nil }
    if case .pem = found.form {} else if text.isWord(before: found.start) { return nil }
    self = found
  }

  private static func underscore(_ text: TextBytes, _ anchor: Int) -> SecretPrefix? {
    func token(_ kind: DetectorKind, _ length: Int) -> SecretPrefix {
      SecretPrefix(.token(kind), from: anchor - length, body: anchor + 1)
    }
    switch text[anchor - 1] {
    case UInt8(ascii: "p"), UInt8(ascii: "o"), UInt8(ascii: "u"), UInt8(ascii: "r"):
      return text.holds("gh", at: anchor - 3) ? token(.githubToken, 3) : nil
    case UInt8(ascii: "s"):
      if text.holds("gh", at: anchor - 3) { return token(.githubToken, 3) }
      guard text.holds("secret_access_key", at: anchor - 13) else { return nil }
      let start = text.holds("aws_", at: anchor - 17) ? anchor - 17 : anchor - 13
      return SecretPrefix(.awsSecret, from: start, body: anchor + 4)
    case UInt8(ascii: "m"): return text.holds("np", at: anchor - 3) ? token(.npmToken, 3) : nil
    case UInt8(ascii: "t"): return text.holds("github_pa", at: anchor - 10) ? token(.githubToken, 10) : nil
    case UInt8(ascii: "e"):
      if text.holds("sk_liv", at: anchor - 7) || text.holds("rk_liv", at: anchor - 7) { return token(.stripeKey, 7) }
      return text.holds("sluic", at: anchor - 6) ? token(.sluiceToken, 6) : nil
    default: return nil
    }
  }

  private static func dash(_ text: TextBytes, _ anchor: Int) -> SecretPrefix? {
    func token(_ kind: DetectorKind, _ length: Int) -> SecretPrefix {
      SecretPrefix(.token(kind), from: anchor - length, body: anchor + 1)
    }
    switch text[anchor - 1] {
    case UInt8(ascii: "k"):
      guard text[anchor - 2] == UInt8(ascii: "s") else { return nil }
      return token(text.holds("ant-", at: anchor + 1) ? .anthropicKey : .openAIKey, 2)
    case UInt8(ascii: "t"): return text.holds("glpa", at: anchor - 5) ? token(.gitlabToken, 5) : nil
    case UInt8(ascii: "i"):
      return text.holds("pypi-AgEI", at: anchor - 4) ? token(.pypiToken, 4) : nil
    case UInt8(ascii: "b"), UInt8(ascii: "p"), UInt8(ascii: "a"), UInt8(ascii: "r"), UInt8(ascii: "s"),
      UInt8(ascii: "e"):
      return text.holds("xox", at: anchor - 4) ? token(.slackToken, 4) : nil
    case UInt8(ascii: "-"):
      guard text.holds("-----BEGIN ", at: anchor - 4) else { return nil }
      return SecretPrefix(.pem, from: anchor - 4, body: anchor + 7)
    default: return nil
    }
  }

  private static func cloud(_ text: TextBytes, _ anchor: Int) -> SecretPrefix? {
    if text.holds("AKIA", at: anchor - 2) || text.holds("ASIA", at: anchor - 2) {
      return SecretPrefix(.token(.awsAccessKey), from: anchor - 2, body: anchor + 2)
    }
    guard text.holds("AIza", at: anchor - 1) else { return nil }
    return SecretPrefix(.token(.googleKey), from: anchor - 1, body: anchor + 3)
  }

  private static func scheme(_ text: TextBytes, _ anchor: Int) -> SecretPrefix? {
    if text.holds("Bearer ", at: anchor) {
      return SecretPrefix(.authorization(basic: false), from: anchor, body: anchor + 7)
    }
    guard text.holds("Basic ", at: anchor), text.holds("uthorization", at: anchor - 14) else { return nil }
    return SecretPrefix(.authorization(basic: true), from: anchor, body: anchor + 6)
  }
}
