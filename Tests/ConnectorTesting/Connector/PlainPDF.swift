/// A PDF of one page, as plain text.
public enum PlainPDF {
  /// - Parameter text: without parentheses.
  public static func bytes(saying text: String) -> [UInt8] {
    let content = "BT /F1 12 Tf 72 720 Td (\(text)) Tj ET"
    return Array(
      """
      %PDF-1.4
      1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
      2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
      3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >> endobj
      4 0 obj << /Length \(content.utf8.count) >> stream
      \(content)
      endstream endobj
      5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj
      trailer << /Root 1 0 R >>
      %%EOF
      """.utf8)
  }
}
