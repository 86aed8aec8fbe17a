import ConnectorTesting
import JSON
import Synchronization

/// An authorization server within a ``VendorDouble``, and an API at `/a` that knows its tokens: codes are names of people, refresh tokens rotate and are spent once.
final class AuthorizationServerDouble: Sendable {
  private struct State {
    var access: [String: String] = [:]
    var refresh: [String: String] = [:]
    var number = 0
    var pending = 0
  }
  private let state = Mutex(State())

  /// The token requests that came, by what they spent.
  static func grants(_ vendor: VendorDouble) -> [String] {
    vendor.requests.compactMap { request in request.form.first { $0.name == "grant_type" }.map { "\(request.path) \($0.value)" } }
  }

  init(_ vendor: VendorDouble) {
    for path in ["/token", "/refresh"] { vendor.always("POST", path) { [self] in answer($0) } }
    vendor.always("POST", "/device") { _ in
      .json([
        "device_code": "device-code-1", "user_code": "WDJB-MJHT", "verification_uri": "https://login.example.com/device", "interval": 5, "expires_in": 900,
      ])
    }
    vendor.always("GET", "/a") { [self] request in
      let token = request.header("Authorization")?.split(separator: " ").last.map(String.init) ?? ""
      guard let person = state.withLock({ $0.access[token] }) else { return .json(["error": "invalid_token"], status: 401) }
      let page = request.query("page").flatMap { Int($0) } ?? 1
      return .json(["person": .string(person), "page": .int(page)], headers: page < 3 ? [("Link", "</a?page=\(page + 1)>; rel=\"next\"")] : [])
    }
  }

  /// Every access token ends.
  func expire() { state.withLock { $0.access = [:] } }
  /// Every refresh token, too.
  func revoke() { state.withLock { ($0.access, $0.refresh) = ([:], [:]) } }
  /// Asks for this many more questions before a device is signed in.
  func hold(_ questions: Int) { state.withLock { $0.pending = questions } }

  private func answer(_ request: CapturedRequest) -> Answer {
    let form = Dictionary(request.form.map { ($0.name, $0.value) }) { $1 }
    return state.withLock { state in
      let person: String?
      switch form["grant_type"] {
      case "authorization_code": person = form["code_verifier"] == nil ? nil : form["code"]
      case "refresh_token": person = form["refresh_token"].flatMap { state.refresh.removeValue(forKey: $0) }
      case "client_credentials": person = "service"
      default:
        guard state.pending == 0 else {
          state.pending -= 1
          return .json(["error": "authorization_pending"], status: 400)
        }
        person = form["device_code"] == "device-code-1" ? "ada" : nil
      }
      guard let person else { return .json(["error": "invalid_grant"], status: 400) }
      state.number += 1
      let (access, refresh) = ("access-\(person)-\(state.number)", "refresh-\(person)-\(state.number)")
      state.access[access] = person
      state.refresh[refresh] = person
      return .json(["access_token": .string(access), "refresh_token": .string(refresh), "token_type": "Bearer", "expires_in": 3600])
    }
  }
}
