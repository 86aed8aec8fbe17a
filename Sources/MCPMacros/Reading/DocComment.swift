import SwiftSyntax

/// The doc comment of a declaration: its text, and what it says of each parameter.
struct DocComment {
  /// Paragraphs, parted by an empty line; nil when there are none.
  private(set) var text: String?
  private(set) var parameters: [String: String] = [:]

  init(_ trivia: Trivia) {
    var section = Section.text
    var paragraphs: [String] = []
    var isNewParagraph = true
    for line in DocComment.lines(trivia) {
      let content = line.trimmed
      if let (name, rest) = DocComment.item("Parameter", content) {
        section = .parameter(name)
        parameters[name] = rest
      } else if content == "- Parameters:" {
        section = .parameters
      } else if section.isParameters, line.isIndented, let (name, rest) = DocComment.listItem(content) {
        section = .parameterInList(name)
        parameters[name] = rest
      } else if DocComment.callouts.contains(where: { content.hasPrefix("- \($0):") }) {
        section = .ignored
      } else if content.isEmpty {
        isNewParagraph = true
      } else {
        switch section {
        case .text:
          if isNewParagraph || paragraphs.isEmpty || content.hasPrefix("- ") {
            paragraphs.append(content)
          } else {
            paragraphs[paragraphs.count - 1] += " " + content
          }
          isNewParagraph = false
        case .parameter(let name), .parameterInList(let name): parameters[name] = DocComment.join(parameters[name], content)
        case .parameters, .ignored: break
        }
      }
    }
    if !paragraphs.isEmpty { text = paragraphs.joined(separator: "\n\n") }
  }

  private enum Section {
    case text
    case parameter(String)
    case parameters
    case parameterInList(String)
    case ignored

    var isParameters: Bool {
      switch self {
      case .parameters, .parameterInList: true
      default: false
      }
    }
  }

  private static let callouts = [
    "Returns", "Throws", "Note", "Warning", "Important", "SeeAlso", "Complexity", "Precondition", "Postcondition", "Author", "Since", "Version",
  ]

  private static func join(_ text: String?, _ more: String) -> String { text.map { $0.isEmpty ? more : $0 + " " + more } ?? more }

  /// `- Parameter name: rest`.
  private static func item(_ keyword: String, _ line: String) -> (String, String)? {
    guard line.hasPrefix("- \(keyword) ") else { return nil }
    return nameAndRest(line.dropFirst(keyword.count + 3))
  }

  /// `- name: rest`.
  private static func listItem(_ line: String) -> (String, String)? {
    guard line.hasPrefix("- ") else { return nil }
    return nameAndRest(line.dropFirst(2))
  }

  private static func nameAndRest(_ text: Substring) -> (String, String)? {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let name = String(text[..<colon]).trimmed
    guard !name.isEmpty, !name.contains(" ") else { return nil }
    return (name, String(text[text.index(after: colon)...]).trimmed)
  }

  private struct Line {
    var trimmed: String
    var isIndented: Bool
  }

  /// The lines of the doc comment that stands directly before a declaration, without their markers.
  private static func lines(_ trivia: Trivia) -> [Line] {
    trivia.pieces.flatMap { piece -> [Line] in
      switch piece {
      case .docLineComment(let text): return [line(text.dropFirst(3))]
      case .docBlockComment(let text):
        return text.dropFirst(3).dropLast(2).split(separator: "\n", omittingEmptySubsequences: false).map { part in
          let content = part.drop { $0 == " " }
          return line(content.first == "*" ? content.dropFirst() : part)
        }
      default: return []
      }
    }
  }

  private static func line(_ text: Substring) -> Line { Line(trimmed: String(text).trimmed, isIndented: text.hasPrefix("  ")) }
}

extension String {
  var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }

  /// The text as a Swift string literal.
  var literal: String {
    var literal = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": literal += "\\\""
      case "\\": literal += "\\\\"
      case "\n": literal += "\\n"
      case "\r": literal += "\\r"
      case "\t": literal += "\\t"
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }

  /// An identifier without the backticks that let a keyword be one.
  var withoutBackticks: String { hasPrefix("`") && hasSuffix("`") && count > 2 ? String(dropFirst().dropLast()) : self }
}
