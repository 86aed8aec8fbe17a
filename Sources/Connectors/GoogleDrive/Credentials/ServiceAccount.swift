internal import ConnectorKit
internal import JSON
internal import MCPAuth
internal import Secrets

/// A service account: it signs assertions about itself (RS256), in the name of a person of its domain where the domain's administrator
/// has delegated that (<https://developers.google.com/identity/protocols/oauth2/service-account>).
struct ServiceAccount: Sendable {
  /// Where the key file that Google gives is kept: JSON with `client_email`, `private_key`, `private_key_id`.
  let key: SecretReference
  let scopes: [String]
  /// The `aud` of assertions: Google's token endpoint.
  let audience: String
  let accounts: GoogleAccounts
  /// In whose name the connector's own calls are; nil for the service account itself.
  let subject: String?

  /// The address in whose name a subject's requests are; nil for the service account itself.
  func impersonated(_ subject: Subject) throws(VendorError) -> String? {
    switch subject {
    case .service: self.subject
    case .user(let id): try accounts.address(of: id)
    }
  }

  /// An assertion of five minutes.
  func assertion(_ subject: Subject, now: Int64) throws(VendorError) -> Secret {
    let person = try impersonated(subject)
    let (email, signing) = try read()
    var claims: JSONValue = [
      "iss": .string(email), "scope": .string(scopes.joined(separator: " ")), "aud": .string(audience), "iat": .int(now - 10), "exp": .int(now + 300),
    ]
    if let person { claims["sub"] = .string(person) }
    do { return Secret(try signing.token(claims: claims, header: ["typ": "JWT"])) } catch {
      throw VendorError(.unavailable, "The key of the Google service account cannot sign.")
    }
  }

  private func read() throws(VendorError) -> (String, SigningKey) {
    let text: String
    do throws(SecretError) { text = try key.resolve().reveal() } catch {
      throw VendorError(.unavailable, "The key of the Google service account cannot be read: \(error)")
    }
    guard let json = try? JSONValue(parsing: text), let email = json["client_email"]?.string, let pem = json["private_key"]?.string else {
      throw VendorError(.unavailable, "The key of the Google service account is not the JSON file that Google gives.")
    }
    do throws(IdentityConfigurationError) {
      return (email, try SigningKey(pem: pem, algorithm: .rs256, keyID: json["private_key_id"]?.string))
    } catch { throw VendorError(.unavailable, "The key of the Google service account cannot be used: \(error)") }
  }
}
