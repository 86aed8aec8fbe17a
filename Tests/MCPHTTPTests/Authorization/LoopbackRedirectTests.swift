import MCP
import MCPAuth
import MCPHTTP
import NIOCore
import Testing

@Suite("The loopback redirect")
struct LoopbackRedirectTests {
  private func get(_ client: HTTPClient, _ url: String) async throws -> Int {
    let target = try #require(HTTPURL(url))
    return try await client.send(HTTPClientRequest(origin: target.origin, method: .get, path: target.path), deadline: .now() + .seconds(60)).status.code
  }

  @Test("takes the one redirect that belongs to the authorization URL")
  func redirect() async throws {
    let listener = try await LoopbackRedirect.listen(on: loops)
    let client = HTTPClient(eventLoopGroup: loops)
    let uri = listener.redirectURI
    #expect(try await get(client, uri + "?code=a&state=s") == 404, "nothing is waited for")
    let browser = listener.browser { _ in
      let foreign = try await self.get(client, uri + "?code=evil&state=guess")
      #expect(foreign == 404)
      let elsewhere = try await self.get(client, uri.replacing("/callback", with: "/other") + "?code=evil&state=s")
      #expect(elsewhere == 404)
      let mine = try await self.get(client, uri + "?code=a%20b&state=s")
      #expect(mine == 200)
      let again = try await self.get(client, uri + "?code=second&state=s")
      #expect(again == 404)
    }
    for _ in 0..<2 {
      let answer = try await browser("https://as.example/authorize?client_id=c&state=s")
      #expect(answer == uri + "?code=a%20b&state=s")
    }
    await listener.close()
    await client.shutdown()
  }

  @Test("waits for a bounded time")
  func timeout() async throws {
    let listener = try await LoopbackRedirect.listen(on: loops)
    let browser = listener.browser(timeout: .milliseconds(20)) { _ in }
    await #expect(throws: OAuthError.self) { try await browser("https://as.example/authorize?state=s") }
    await listener.close()
  }

  @Test("serves a whole authorization")
  func authorization() async throws {
    try await AuthorizationFixture().serving { fixture in
      let listener = try await LoopbackRedirect.listen(on: loops)
      let follow = fixture.browser
      let configuration = fixture.configuration {
        $0.grant = .authorizationCode(
          redirectURI: listener.redirectURI,
          browser: listener.browser { url in
            let location = try await follow(url)
            let status = try await self.get(fixture.client, location)
            #expect(status == 200)
          })
      }
      try await fixture.wire(configuration).call()
      await listener.close()
    }
  }
}
