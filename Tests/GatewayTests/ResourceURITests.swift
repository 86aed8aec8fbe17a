import Testing

@testable import Gateway

@Suite("Spellings of URIs")
struct ResourceURITests {
  @Test(
    "one spelling of a resource is let through",
    arguments: [
      "note://a", "note://Py/notes/x", "file:///srv/data/a.txt", "file:///srv/data/", "https://example.com/a?b=../c&d=//e#f", "urn:isbn:0451450523",
      "git://repo/a%20b", "crm://accounts/acc_1", "note://a/%E2%82%AC",
    ])
  func normal(uri: String) { #expect(ResourceURI.isNormal(uri)) }

  @Test(
    "others, which an upstream could take for the same, are not",
    arguments: [
      "file:///srv/%64ata/a", "file:///srv/x/../data", "file:///srv/./data", "file:///srv/%2e%2e/data", "file:///srv//data", "FILE:///srv", "https://Example.com/a",
      "note://a/%e2%82%ac", "note://a/\u{20AC}", "note://a b", "note://a\\b", "note://a/..", "note://a/%2Fb", "note://a/%5Cb", "note://a/%00", "note://a/%", "a/b",
      "note://a/<b>", "",
    ])
  func other(uri: String) { #expect(!ResourceURI.isNormal(uri)) }
}
