import MCPHTTP
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@Suite("HTTP over TLS")
struct HTTPTLSTests {
  @Test("an https origin is served when its certificate names the host", arguments: ["localhost", "127.0.0.1"])
  func trusted(_ host: String) async throws {
    let response = try await exchange(host: host, identity: .localhost, trusting: .localhost)
    #expect(response == "secure true")
  }

  @Test(
    "a certificate for another host, or from an unknown issuer, is refused before anything is sent",
    arguments: [
      (TestIdentity.other, TestIdentity.other), (.localhost, .other),
    ])
  func untrusted(_ identity: TestIdentity, _ trusted: TestIdentity) async throws {
    let error = await #expect(throws: HTTPClientError.self) {
      try await exchange(host: "localhost", identity: identity, trusting: trusted)
    }
    #expect(error?.code == .tls)
    #expect(error?.requestWasSent == false)
  }

  @Test("a large answer with Connection: close arrives whole")
  func largeAndClosed() async throws {
    let response = try await exchange(host: "localhost", identity: .localhost, trusting: .localhost, path: "/large")
    #expect(response.utf8.count == 3_000_000)
  }

  private func exchange(
    host: String, identity: TestIdentity, trusting: TestIdentity, path: String = "/"
  ) async throws -> String {
    let responder = Responder { request in
      let body = request.path == "/large" ? ByteBuffer(repeating: 0x78, count: 3_000_000) : ByteBuffer(string: "secure \(request.isSecure)")
      return .full(.ok, HTTPHeaders(), body: body)
    }
    var client = TLSConfiguration.makeClientConfiguration()
    client.trustRoots = .certificates([try trusting.certificate])
    let tls = client
    return try await withServer(responder, tls: try identity.server) { port in
      let client = HTTPClient(eventLoopGroup: loops, tls: tls)
      let request = HTTPClientRequest(
        origin: HTTPOrigin(scheme: .https, host: host, port: port), method: .get, path: path)
      let outcome = await Result { try await client.send(request, deadline: .now() + .seconds(20)) }
      await client.shutdown()
      guard case .full(let body) = try outcome.get().body else { return "a stream" }
      return String(buffer: body)
    }
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}

/// Self-signed test certificates, valid for a century: `localhost` with 127.0.0.1, and `other.example`.
struct TestIdentity: Sendable {
  let certificatePEM: String
  let keyPEM: String

  var certificate: NIOSSLCertificate {
    get throws { try NIOSSLCertificate(bytes: Array(certificatePEM.utf8), format: .pem) }
  }

  var server: TLSConfiguration {
    get throws {
      let key = try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)
      return .makeServerConfiguration(certificateChain: [.certificate(try certificate)], privateKey: .privateKey(key))
    }
  }

  static let localhost = TestIdentity(
    certificatePEM: """
      -----BEGIN CERTIFICATE-----
      MIIBmjCCAUGgAwIBAgIUQO+OateUPHJFMIgBu2Ola4cfPwEwCgYIKoZIzj0EAwIw
      FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzEzMjYyNVoYDzIxMjYxMDMw
      MTMyNjI1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
      PQMBBwNCAARFvHWRwyi85/KzctidS0yFHQ+w0BMqsEy8ash3hXEYUr8jHmHunt4F
      PsN/NXDUYgE8ygQ5sfWFBIto6psApWi5o28wbTAdBgNVHQ4EFgQUAR652k6+nCGS
      8X34cCemmaA8JuYwHwYDVR0jBBgwFoAUAR652k6+nCGS8X34cCemmaA8JuYwDwYD
      VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
      zj0EAwIDRwAwRAIgCI3KvN5G6/GR1zzzjRug4xKwyQnBkwhdDxkmlgRkyrwCIAp0
      fxWsN1FwpUzmjpoaJoKK6BbOzAbFhSYZqLV9syfa
      -----END CERTIFICATE-----
      """,
    keyPEM: """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgELMPvRo+09ZiWQ11
      R2U50WZCCk4LOXJEHw2Mc3RCcpuhRANCAARFvHWRwyi85/KzctidS0yFHQ+w0BMq
      sEy8ash3hXEYUr8jHmHunt4FPsN/NXDUYgE8ygQ5sfWFBIto6psApWi5
      -----END PRIVATE KEY-----
      """)

  static let other = TestIdentity(
    certificatePEM: """
      -----BEGIN CERTIFICATE-----
      MIIBkTCCATegAwIBAgIUTfCitJvRZVz314MdGvrcEZTNlJwwCgYIKoZIzj0EAwIw
      EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTIzMTMyNjI1WhgPMjEyNjEwMzAxMzI2
      MjVaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
      IHEgEzUcf9Hu0/y0QWTHrXEUn773m19nrIcmXctjFQjIJOgS1ZBGzZmgmW+7aGOW
      ejHNWUn29xPL4zWK4HsTx6NtMGswHQYDVR0OBBYEFLxCZmDfb38kZw4+r7YGYLOM
      Kx8pMB8GA1UdIwQYMBaAFLxCZmDfb38kZw4+r7YGYLOMKx8pMA8GA1UdEwEB/wQF
      MAMBAf8wGAYDVR0RBBEwD4INb3RoZXIuZXhhbXBsZTAKBggqhkjOPQQDAgNIADBF
      AiAhXHe+gY05SKdHhA7YJDXTwW37Mvg+qUzBMf/Xdaja9AIhAI93YAQzVHK/YkUz
      eKA/3BiS+nv4eKddwsuUGhn+XQPs
      -----END CERTIFICATE-----
      """,
    keyPEM: """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyPBYnaOZcuTDKVlT
      91/xb90ag4bIjYVS7ci/Wf3RbLChRANCAAQgcSATNRx/0e7T/LRBZMetcRSfvveb
      X2eshyZdy2MVCMgk6BLVkEbNmaCZb7toY5Z6Mc1ZSfb3E8vjNYrgexPH
      -----END PRIVATE KEY-----
      """)
}
