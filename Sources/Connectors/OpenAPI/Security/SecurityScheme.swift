internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import Secrets

/// A security scheme of a description, with the credentials that there are for it.
struct SecurityScheme: Sendable {
  /// Where a credential goes.
  enum Place: Sendable, Hashable {
    case header(String)
    case query(String)
    case cookie(String)
  }

  /// Who has a credential, or can have one by signing in.
  struct Reach: Sendable {
    var service = false
    var everyone = false
    var users: Set<String> = []

    func includes(_ subject: Subject) -> Bool {
      switch subject {
      case .service: service
      case .user(let id): everyone || users.contains(id)
      }
    }
  }

  /// A credential that went into a request.
  struct Used: Sendable {
    var source: any CredentialSource
    var credential: VendorCredential
    var subject: Subject
    var signInLink: String?
  }

  var name: String
  var place: Place
  var service: any CredentialSource
  var people: any CredentialSource
  /// Whether the connector's own credential, which names the application, goes with everybody's requests.
  var isShared = false
  var signInLink: @Sendable (Subject) -> String? = { _ in nil }
  /// The pages of signing in.
  var routes: [ConnectorRoute] = []
  var check: @Sendable () async -> [ConnectorFinding]

  /// The credential of `subject`, and nobody else's.
  func credential(for subject: Subject, asking vendor: String) async throws(VendorError) -> Used {
    let subject = isShared ? Subject.service : subject
    let source = subject == .service ? service : people
    return Used(source: source, credential: try await source.credential(for: subject, asking: vendor), subject: subject, signInLink: signInLink(subject))
  }

  /// A scheme of fixed secrets.
  ///
  /// - Parameters:
  ///   - service: the connector's own secret, and what is sent of it; `person` is what is sent of one of a person.
  ///   - part: of the settings, for messages.
  init(
    _ name: String, _ place: Place, service: (secret: SecretReference, form: @Sendable (String) -> String)?, users: [String: SecretReference],
    person: @escaping @Sendable (String) -> String, isShared: Bool, part: String = "security"
  ) {
    func source(_ secret: SecretReference?, _ users: [String: SecretReference], _ form: @escaping @Sendable (String) -> String) -> SecretCredentials {
      SecretCredentials(service: secret, users: users) { [(name, Secret(form($0.reveal())))] }
    }
    let own = source(service?.secret, [:], service?.form ?? person)
    let people = source(nil, users, person)
    self.init(name: name, place: place, service: own, people: people, isShared: isShared) {
      var findings: [ConnectorFinding] = []
      let subjects = (service == nil ? [] : [Subject.service]) + users.keys.sorted().map { .user($0) }
      for subject in subjects {
        do throws(VendorError) { _ = try await (subject == .service ? own : people).credential(for: subject, asking: name) } catch {
          findings.append(ConnectorFinding(.failure, "\(part).\(name): \(error)", remedy: "Check the reference, and that the file or variable is there."))
        }
      }
      return findings.isEmpty ? [ConnectorFinding(.ok, "\(part).\(name): \(subjects.count) secrets can be read")] : findings
    }
  }

  init(
    name: String, place: Place, service: any CredentialSource, people: any CredentialSource, isShared: Bool, check: @escaping @Sendable () async -> [ConnectorFinding]
  ) {
    self.name = name
    self.place = place
    self.service = service
    self.people = people
    self.isShared = isShared
    self.check = check
  }
}
