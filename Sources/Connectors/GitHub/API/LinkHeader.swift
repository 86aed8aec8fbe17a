internal import ConnectorKit
internal import MCPHTTP

/// Where the next page is (RFC 8288). GitHub may name it by the repository's number, so only the paging parameters of the link
/// count: the path stays that of the call, which was checked.
enum LinkHeader {
  private static let paging: Set<String> = ["page", "after", "before", "cursor", "since_id"]

  /// The paging parameters of the link with `rel="next"`, as a query; nil at the end.
  static func next(_ headers: HTTPHeaders) -> String? {
    for value in headers.values("Link") {
      for link in value.split(separator: ",") where link.contains("rel=\"next\"") {
        guard let start = link.firstIndex(of: "<"), let end = link.firstIndex(of: ">"), start < end else { continue }
        let url = link[link.index(after: start)..<end]
        guard let question = url.firstIndex(of: "?") else { continue }
        let query = url[url.index(after: question)...].split(separator: "&").filter { paging.contains(String($0.prefix { $0 != "=" })) }
        if !query.isEmpty { return query.joined(separator: "&") }
      }
    }
    return nil
  }

  /// Whether a text is such a query and nothing more.
  static func isPaging(_ text: String) -> Bool {
    !text.isEmpty
      && text.split(separator: "&", omittingEmptySubsequences: false).allSatisfy { part in
        paging.contains(String(part.prefix { $0 != "=" })) && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "?") }
      }
  }
}
