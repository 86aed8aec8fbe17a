/// The text in the XML of office files. Not an XML parser: what is not text is passed over, and nothing is resolved or loaded.
enum MarkupText {
  /// Which elements of a format hold text, and which end a line or a cell.
  struct Dialect: Sendable {
    /// Elements that hold text directly; empty for all.
    var text: Set<String>
    var lines: Set<String>
    var cells: Set<String>
    /// Elements after which an empty line comes.
    var pages: Set<String>

    static let word = Dialect(text: ["w:t"], lines: ["w:p", "w:br"], cells: ["w:tab", "w:tc"], pages: [])
    static let slides = Dialect(text: ["a:t"], lines: ["a:p", "a:br"], cells: ["a:tc"], pages: ["p:sld"])
    static let openDocument = Dialect(
      text: [], lines: ["text:p", "text:h", "text:line-break", "table:table-row"], cells: ["text:tab", "table:table-cell"], pages: ["draw:page"])
  }

  static func flowing(_ xml: [UInt8], _ dialect: Dialect) -> String {
    var text = ""
    var open: [String] = []
    scan(xml) { part in
      switch part {
      case .open(let name, _, let isEmpty):
        if !isEmpty { open.append(name) } else if dialect.lines.contains(name) { text += "\n" } else if dialect.cells.contains(name) { text += "\t" }
      case .close(let name):
        if open.last == name { open.removeLast() }
        if dialect.lines.contains(name) { text += "\n" } else if dialect.cells.contains(name) { text += "\t" } else if dialect.pages.contains(name) { text += "\n" }
      case .text(let value): if dialect.text.isEmpty ? !open.isEmpty : open.last.map({ dialect.text.contains($0) }) ?? false { text += value }
      }
    }
    return text
  }

  /// Rows of cells with tabs between them, a line each; formulas as their last values.
  ///
  /// - Returns: nil where that is more than `maximumBytes`: many cells may refer to one long text.
  static func sheets(_ xml: [UInt8], shared sharedXML: [UInt8], maximumBytes: Int) -> String? {
    let shared = sharedTexts(sharedXML)
    var text = ""
    var size = 0
    var (cell, type, isValue): (String, String, Bool) = ("", "", false)
    var row: [String] = []
    scan(xml) { part in
      switch part {
      case .open("c", let attributes, let isEmpty):
        (cell, type) = ("", attributes["t"] ?? "")
        // Empty cells are left out in the file; at most so many are put back.
        if let column = attributes["r"].flatMap(Self.column), column > row.count, column < row.count + 200, size <= maximumBytes {
          size += column - row.count
          row += Array(repeating: "", count: column - row.count)
        }
        if isEmpty {
          size += 1
          if size <= maximumBytes { row.append("") }
        }
      case .open("v", _, false), .open("t", _, false): isValue = true
      case .close("v"), .close("t"): isValue = false
      case .text(let value): if isValue { cell += value }
      case .close("c"):
        let value =
          type == "s" ? Int(cell).flatMap { shared.indices.contains($0) ? shared[$0] : nil } ?? "" : type == "b" ? (cell == "1" ? "TRUE" : "FALSE") : cell
        size += value.utf8.count + 1
        if size <= maximumBytes { row.append(value) }
      case .close("row"):
        text += row.joined(separator: "\t") + "\n"
        row = []
      case .close("worksheet"): text += "\n"
      default: break
      }
    }
    return size <= maximumBytes ? text : nil
  }

  private static func sharedTexts(_ xml: [UInt8]) -> [String] {
    var texts: [String] = []
    var (current, isText): (String, Bool) = ("", false)
    scan(xml) { part in
      switch part {
      case .open("si", _, let isEmpty):
        current = ""
        if isEmpty { texts.append("") }
      case .close("si"): texts.append(current)
      case .open("t", _, false): isText = true
      case .close("t"): isText = false
      case .text(let value): if isText { current += value }
      default: break
      }
    }
    return texts
  }

  /// `C7` is column 2.
  private static func column(_ reference: String) -> Int? {
    var column = 0
    for letter in reference.utf8.prefix(while: { $0 >= 0x41 && $0 <= 0x5A }).prefix(3) { column = column * 26 + Int(letter - 0x40) }
    return column > 0 ? column - 1 : nil
  }

  // MARK: Scanning

  private enum Part {
    case open(String, [String: String], isEmpty: Bool)
    case close(String)
    case text(String)
  }

  private static func scan(_ xml: [UInt8], _ body: (Part) -> Void) {
    var rest = xml[...]
    while let next = rest.firstIndex(of: UInt8(ascii: "<")) {
      if next > rest.startIndex { body(.text(decoded(rest[rest.startIndex..<next]))) }
      guard let end = rest[next...].firstIndex(of: UInt8(ascii: ">")) else { return }
      let tag = rest[(next + 1)..<end]
      rest = rest[(end + 1)...]
      switch tag.first {
      case nil, UInt8(ascii: "?"), UInt8(ascii: "!"): continue
      case UInt8(ascii: "/"): body(.close(String(decoding: tag.dropFirst(), as: UTF8.self)))
      default:
        let isEmpty = tag.last == UInt8(ascii: "/")
        let inner = isEmpty ? tag.dropLast() : tag
        let name = inner.prefix { $0 > 0x20 }
        body(.open(String(decoding: name, as: UTF8.self), attributes(inner.dropFirst(name.count)), isEmpty: isEmpty))
      }
    }
  }

  private static func attributes(_ bytes: ArraySlice<UInt8>) -> [String: String] {
    var found: [String: String] = [:]
    var rest = bytes.drop { $0 <= 0x20 }
    while let equals = rest.firstIndex(of: UInt8(ascii: "=")), equals + 1 < rest.endIndex {
      let name = String(decoding: rest[rest.startIndex..<equals], as: UTF8.self)
      let quote = rest[equals + 1]
      guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"), let end = rest[(equals + 2)...].firstIndex(of: quote) else { return found }
      found[name] = decoded(rest[(equals + 2)..<end])
      rest = rest[(end + 1)...].drop { $0 <= 0x20 }
    }
    return found
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
    var text = ""
    var rest = bytes
    while let start = rest.firstIndex(of: UInt8(ascii: "&")) {
      text += String(decoding: rest[rest.startIndex..<start], as: UTF8.self)
      guard let end = rest[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
        text += "&"
        rest = rest[(start + 1)...]
        continue
      }
      let name = String(decoding: rest[(start + 1)..<end], as: UTF8.self)
      text += entity(name) ?? "&\(name);"
      rest = rest[(end + 1)...]
    }
    return text + String(decoding: rest, as: UTF8.self)
  }

  private static func entity(_ name: String) -> String? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let code = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
      return code.flatMap { Unicode.Scalar($0) }.map { String(Character($0)) }
    }
  }
}
