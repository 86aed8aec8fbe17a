/// Finds tools by words: BM25 over names, descriptions and parameters (Robertson and Zaragoza, "The Probabilistic Relevance
/// Framework: BM25 and Beyond", 2009), each word of a name counting threefold.
public struct ToolIndex: Sendable {
  /// What is indexed of one tool.
  public struct Entry: Sendable {
    /// The name of the tool.
    public var name: String
    public var description: String
    /// Names and descriptions of the parameters.
    public var parameters: [String]

    public init(name: String, description: String, parameters: [String] = []) {
      self.name = name
      self.description = description
      self.parameters = parameters
    }
  }

  private struct Posting: Sendable {
    var document: Int
    var weight: Double
  }

  private static let saturation = 1.2
  private static let lengthNormalization = 0.75
  private static let nameWeight = 3.0

  private let postings: [String: [Posting]]
  private let lengths: [Double]
  private let meanLength: Double

  /// Positions in results are positions in `entries`.
  public init(_ entries: [Entry]) {
    var postings: [String: [Posting]] = [:]
    var lengths: [Double] = []
    for (document, entry) in entries.enumerated() {
      var weights: [String: Double] = [:]
      for word in Self.words(entry.name) { weights[word, default: 0] += Self.nameWeight }
      for word in Self.words(entry.description) { weights[word, default: 0] += 1 }
      for parameter in entry.parameters { for word in Self.words(parameter) { weights[word, default: 0] += 1 } }
      lengths.append(weights.values.reduce(0, +))
      for (word, weight) in weights { postings[word, default: []].append(Posting(document: document, weight: weight)) }
    }
    self.postings = postings
    self.lengths = lengths
    meanLength = max(lengths.reduce(0, +) / Double(max(lengths.count, 1)), 1)
  }

  /// The tools that hold some word of the query, best first.
  ///
  /// - Parameter admits: leaves out what it does not admit; asked for each candidate, best first, until there are enough.
  public func search(_ query: String, limit: Int, where admits: (Int) -> Bool = { _ in true }) -> [Int] {
    var scores: [Int: Double] = [:]
    for word in Set(Self.words(query)) {
      guard let found = postings[word] else { continue }
      let rarity = (1 + (Double(lengths.count) - Double(found.count) + 0.5) / (Double(found.count) + 0.5)).logarithm
      for posting in found {
        let norm = 1 - Self.lengthNormalization + Self.lengthNormalization * lengths[posting.document] / meanLength
        scores[posting.document, default: 0] += rarity * posting.weight * (Self.saturation + 1) / (posting.weight + Self.saturation * norm)
      }
    }
    var result: [Int] = []
    for (document, _) in scores.sorted(by: { ($0.value, -$0.key) > ($1.value, -$1.key) }) where admits(document) {
      result.append(document)
      if result.count >= limit { break }
    }
    return result
  }

  /// Lower-case words of a text; `listOpenIssues`, `list_open_issues` and "list open issues" are the same three. A plural counts as its singular.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var wasLower = false
    func end() {
      if word.count > 1 { words.append(singular(word)) }
      word = ""
    }
    for character in text {
      guard character.isLetter || character.isNumber else {
        end()
        wasLower = false
        continue
      }
      if character.isUppercase, wasLower { end() }
      wasLower = character.isLowercase
      word += character.lowercased()
    }
    end()
    return words
  }

  private static func singular(_ word: String) -> String {
    guard word.count > 3, word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us"), !word.hasSuffix("is") else { return word }
    if word.hasSuffix("ies"), word.count > 4 { return word.dropLast(3) + "y" }
    if ["ches", "shes", "sses", "xes", "zes"].contains(where: { word.hasSuffix($0) }), word.count > 4 { return String(word.dropLast(2)) }
    return String(word.dropLast())
  }
}
