/// What a detector recognizes in text.
public enum DetectorKind: String, Sendable, Hashable, CaseIterable {
  case email
  case phone
  case card
  case iban
  case usSSN = "us_ssn"
  case ukNINO = "uk_nino"
  case deTaxID = "de_tax_id"
  case frINSEE = "fr_insee"
  case esDNI = "es_dni"
  case itCodiceFiscale = "it_codice_fiscale"
  case nlBSN = "nl_bsn"
  case awsAccessKey = "aws_access_key"
  case awsSecretKey = "aws_secret_key"
  case githubToken = "github_token"
  case slackToken = "slack_token"
  case stripeKey = "stripe_key"
  case googleKey = "google_key"
  case anthropicKey = "anthropic_key"
  case openAIKey = "openai_key"
  case gitlabToken = "gitlab_token"
  case npmToken = "npm_token"
  case pypiToken = "pypi_token"
  case sluiceToken = "sluice_token"
  case jwt
  case privateKey = "private_key"
  case authorization
  case urlPassword = "url_password"

  public var category: DataCategory {
    switch self {
    case .email, .phone, .card, .iban, .usSSN, .ukNINO, .deTaxID, .frINSEE, .esDNI, .itCodiceFiscale, .nlBSN: .pii
    default: .secret
    }
  }

  /// What stands in the place of a masked value. No placeholder is itself found by a detector.
  public var placeholder: StaticString {
    switch self {
    case .email: "[email]"
    case .phone: "[phone]"
    case .card: "[card]"
    case .iban: "[iban]"
    case .usSSN, .ukNINO, .deTaxID, .frINSEE, .esDNI, .itCodiceFiscale, .nlBSN: "[national id]"
    case .jwt: "[token]"
    case .privateKey: "[private key]"
    case .urlPassword: "[password]"
    case .githubToken, .slackToken, .gitlabToken, .npmToken, .pypiToken, .sluiceToken, .authorization: "[token]"
    default: "[key]"
    }
  }

  var index: Int { Self.indices[self] ?? 0 }
  private static let indices: [DetectorKind: Int] = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($0.element, $0.offset) })
}

/// A set of detectors to run.
public struct DetectorSet: Sendable, Hashable {
  private var bits: UInt32

  public static let all = DetectorSet(DetectorKind.allCases)
  public static let none = DetectorSet([])

  public init(_ kinds: some Sequence<DetectorKind>) {
    bits = 0
    for kind in kinds { bits |= 1 << UInt32(kind.index) }
  }

  public init(categories: DataCategories) { self.init(DetectorKind.allCases.filter { categories.contains($0.category) }) }

  public func contains(_ kind: DetectorKind) -> Bool { bits & (1 << UInt32(kind.index)) != 0 }
  public var isEmpty: Bool { bits == 0 }

  public func subtracting(_ other: DetectorSet) -> DetectorSet {
    var rest = self
    rest.bits &= ~other.bits
    return rest
  }
}
