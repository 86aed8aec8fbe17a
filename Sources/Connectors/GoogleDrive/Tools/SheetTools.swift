internal import ConnectorKit
internal import JSON
internal import MCP
internal import MCPHTTP

/// The values of spreadsheets (Sheets v4).
struct SheetTools: Sendable {
  let drive: DriveContext

  var reading: [Tool] { [list, get] }
  var writing: [Tool] { [append, update] }

  private static let range = Field.text(
    "range", "In A1 notation: Sheet1!A1:C10, or a sheet's name for all of it. list_sheets gives the names.", required: true, length: 500)
  private static let values = Field(
    "values",
    [
      "type": "array", "description": "Rows of cells.", "maxItems": 10_000,
      "items": ["type": "array", "items": ["type": ["string", "number", "boolean", "null"]], "maxItems": 1000],
    ], required: true)
  private static let input = Field.text(
    "input", "raw keeps texts as they are; typed reads them as if a person typed them, formulas too; raw if not given.", oneOf: ["raw", "typed"])

  private static func path(_ id: String, _ call: ToolCall, _ suffix: String = "") -> String {
    "/v4/spreadsheets/\(PercentEncoding.segment(id))/values/\(PercentEncoding.segment(call.string("range") ?? ""))\(suffix)"
  }

  private var list: Tool {
    drive.tool(
      "list_sheets", "List sheets", "Names the sheets of a spreadsheet, with their sizes.", [DriveContext.fileField],
      output: [
        "type": "object",
        "properties": [
          "title": ["type": "string"],
          "sheets": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": [
                "id": ["type": "integer"], "title": ["type": "string"], "range": ["type": "string", "description": "All of it, for get_sheet_values."],
                "type": ["type": "string"], "rows": ["type": "integer"], "columns": ["type": "integer"], "hidden": ["type": "boolean"],
              ], "required": ["title", "range"],
            ],
          ],
        ], "required": ["title", "sheets"],
      ], meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let (id, json) = try await drive.following(call, as: subject) { id throws(VendorError) in
        try await drive.api.sheets(
          path: "/v4/spreadsheets/\(PercentEncoding.segment(id))",
          [("fields", "properties(title),sheets(properties(sheetId,title,sheetType,hidden,gridProperties(rowCount,columnCount)))")], as: subject)
      }
      let sheets = DriveContext.elements(json, "sheets").compactMap { $0["properties"].map(Self.sheet) }
      let text = CompactTable(sheets, columns: ["title", "range", "rows", "columns"]).text
      return UntrustedText.mark(
        ToolResult(
          structured: ["title": .string(json["properties"]?["title"]?.string ?? ""), "sheets": .array(sheets)], text: UntrustedText.framed(text, source: id)),
        "/title", "/sheets")
    }
  }

  private static func sheet(_ json: RawJSON) -> JSONValue {
    let title = json["title"]?.string ?? ""
    // A name in quotes is never read as a range.
    var sheet: JSONValue = ["title": .string(title), "range": .string("'\(title.replacing("'", with: "''"))'"), "hidden": .bool(json["hidden"]?.bool ?? false)]
    if let id = json["sheetId"]?.int { sheet["id"] = .int(id) }
    if let type = json["sheetType"]?.string { sheet["type"] = .string(type.lowercased()) }
    if let rows = json["gridProperties"]?["rowCount"]?.int { sheet["rows"] = .int(rows) }
    if let columns = json["gridProperties"]?["columnCount"]?.int { sheet["columns"] = .int(columns) }
    return sheet
  }

  private var get: Tool {
    drive.tool(
      "get_sheet_values", "Read cells", "Reads the cells of a range of a spreadsheet.",
      [
        DriveContext.fileField, Self.range,
        Field.text("render", "formatted as shown, unformatted numbers, or formulas; formatted if not given.", oneOf: ["formatted", "unformatted", "formula"]),
        Field.integer("rows", "How many rows to give at most, 500 if not given.", 1...5000),
      ],
      output: [
        "type": "object",
        "properties": [
          "range": ["type": "string"], "values": ["type": "array", "items": ["type": "array"]], "total_rows": ["type": "integer"],
          "note": ["type": "string"],
        ], "required": ["range", "values"],
      ], meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let render = ["unformatted": "UNFORMATTED_VALUE", "formula": "FORMULA"][call.string("render") ?? ""] ?? "FORMATTED_VALUE"
      let (id, json) = try await drive.following(call, as: subject) { id throws(VendorError) in
        try await drive.api.sheets(
          path: Self.path(id, call), [("valueRenderOption", render), ("majorDimension", "ROWS")], as: subject, maximumBytes: drive.maximumBytes)
      }
      let rows = DriveContext.elements(json, "values")
      let shown = rows.prefix(call.int("rows") ?? 500).map { JSONValue($0) }
      var structured: JSONValue = ["range": .string(json["range"]?.string ?? ""), "values": .array(Array(shown)), "total_rows": .int(rows.count)]
      var text = Self.csv(shown)
      if shown.count < rows.count {
        let note = "\(shown.count) of \(rows.count) rows. Ask for a smaller range, or for more rows."
        structured["note"] = .string(note)
        text += "\n" + note
      }
      return UntrustedText.mark(ToolResult(structured: structured, text: UntrustedText.framed(text, source: id)), "/values")
    }
  }

  /// RFC 4180.
  private static func csv(_ rows: [JSONValue]) -> String {
    rows.map { row in
      (row.array ?? []).map { value in
        let text = value.string ?? (value.isNull ? "" : value.text)
        return text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
      }.joined(separator: ",")
    }.joined(separator: "\n")
  }

  private static let output: JSONValue = [
    "type": "object",
    "properties": [
      "range": ["type": "string", "description": "What was written."], "rows": ["type": "integer"], "cells": ["type": "integer"],
    ], "required": ["range"],
  ]

  private static func written(_ json: RawJSON?) -> ToolResult {
    let range = json?["updatedRange"]?.string ?? ""
    let (rows, cells) = (json?["updatedRows"]?.int ?? 0, json?["updatedCells"]?.int ?? 0)
    return ToolResult(structured: ["range": .string(range), "rows": .int(rows), "cells": .int(cells)], text: "Wrote \(cells) cells: \(range).")
  }

  private static func body(_ call: ToolCall) -> JSONValue { ["majorDimension": "ROWS", "values": call["values"].map { JSONValue($0) } ?? []] }

  private static func option(_ call: ToolCall) -> (name: String, value: String?) { ("valueInputOption", call.string("input") == "typed" ? "USER_ENTERED" : "RAW") }

  private var append: Tool {
    drive.tool(
      "append_sheet_values", "Append rows", "Adds rows below the table that is in a range.", [DriveContext.fileField, Self.range, Self.values, Self.input],
      output: Self.output,
      annotations: .adding, meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let (_, json) = try await drive.following(call, as: subject) { id throws(VendorError) in
        try await drive.api.sheets(
          .post, path: Self.path(id, call, ":append"), [Self.option(call), ("insertDataOption", "INSERT_ROWS")], Self.body(call), as: subject, isIdempotent: false)
      }
      return Self.written(json["updates"])
    }
  }

  private var update: Tool {
    drive.tool(
      "update_sheet_values", "Write cells", "Writes the cells of a range over those that are there; null leaves a cell as it is.",
      [DriveContext.fileField, Self.range, Self.values, Self.input], output: Self.output, annotations: .changing, meta: DriveContext.meta()
    ) { call, subject throws(VendorError) in
      let (_, json) = try await drive.following(call, as: subject) { id throws(VendorError) in
        try await drive.api.sheets(.put, path: Self.path(id, call), [Self.option(call)], Self.body(call), as: subject)
      }
      return Self.written(json)
    }
  }
}
