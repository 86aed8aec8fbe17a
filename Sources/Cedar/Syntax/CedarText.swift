/// Cedar's way of writing text.
enum CedarText {
  /// The text as a Cedar string literal, quotes included.
  static func quoted(_ text: String) -> String { "\"" + escaped(text) + "\"" }

  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\0": result.append(contentsOf: "\\0".unicodeScalars)
      default:
        // Control, format and combining characters could hide or alter the text around them, so they are spelled out.
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .nonspacingMark, .enclosingMark, .unassigned,
          .privateUse:
          result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
        default: result.append(scalar)
        }
      }
    }
    return String(result)
  }

  /// Whether the name can be written without quotes as an attribute or record key.
  static func isPlainName(_ name: String) -> Bool {
    guard let first = name.utf8.first, Lexer.startsIdentifier(first) else { return false }
    return name.utf8.allSatisfy(Lexer.continuesIdentifier) && !Parser.reserved.contains(name)
  }
}
