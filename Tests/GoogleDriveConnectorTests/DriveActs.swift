import ConnectorTesting
import JSON
import Testing

/// What our tools do in the table of acts; Python/drive.py does the same with google-api-python-client, under the same names.
struct DriveAct: Sendable, CustomTestStringConvertible {
  var name: String
  var tool: String
  var arguments: JSONValue
  var exceptions: [RequestDifference.Exception]

  init(_ name: String, _ tool: String, _ arguments: JSONValue, media: Bool = false) {
    self.name = name
    self.tool = tool
    self.arguments = arguments
    self.exceptions = (media ? [Self.fields] : [Self.fields, Self.alt])
  }

  var testDescription: String { name }

  private static let fields = RequestDifference.Exception.query(
    "fields", because: "which members of the answer we read is our own affair; the discovery document checks that it is sent")
  private static let alt = RequestDifference.Exception.query("alt", because: "the client names alt=json, Google's default")

  static let all: [DriveAct] = [
    DriveAct("about", "about", [:]),
    DriveAct("search", "search_files", ["text": "Ada's \\ plan", "kind": "document", "modified_after": "2026-07-28", "scope": "all", "limit": 10]),
    DriveAct("search in a drive", "search_files", ["name": "plan", "drive": "drive1", "order": "name", "starred": true]),
    DriveAct("folder", "list_folder", ["folder": "folder1"]), DriveAct("recent", "list_recent", ["by": "viewed"]), DriveAct("file", "get_file", ["file": "text1"]),
    DriveAct("labels", "list_labels", ["file": "text1"]), DriveAct("markdown", "read_content", ["file": "doc1"]),
    DriveAct("csv", "read_content", ["file": "sheet1"]), DriveAct("picture", "read_content", ["file": "drawing1"]),
    DriveAct("text", "read_content", ["file": "text1"], media: true),
    DriveAct("earlier text", "read_content", ["file": "text1", "revision": "1"], media: true),
    DriveAct("pdf", "download_file", ["file": "doc1", "format": "pdf"]),
    DriveAct("prepared", "download_file", ["file": "doc1", "format": "pdf", "prepared": true]), DriveAct("drives", "list_drives", ["name": "Sa'les"]),
    DriveAct("drive", "get_drive", ["drive": "drive1"]), DriveAct("start of changes", "list_changes", [:]), DriveAct("revisions", "list_revisions", ["file": "text1"]),
    DriveAct("permissions", "list_permissions", ["file": "text1"]), DriveAct("comments", "list_comments", ["file": "doc1", "since": "2026-07-28", "deleted": true]),
    DriveAct("comment", "get_comment", ["file": "doc1", "comment": "c1"]), DriveAct("replies", "list_replies", ["file": "doc1", "comment": "c1"]),
    DriveAct("sheets", "list_sheets", ["file": "sheet1"]),
    DriveAct("cells", "get_sheet_values", ["file": "sheet1", "range": "Sheet1!A1:B2", "render": "unformatted"]),
    DriveAct("structure", "get_document", ["file": "doc1"]),
    // Writing.
    DriveAct("new document", "create_file", ["name": "Plan", "kind": "document", "folder": "folder1"]),
    DriveAct("new shortcut", "create_file", ["name": "To it", "kind": "shortcut", "target": "doc1"]),
    DriveAct("new folder", "create_folder", ["name": "Plans", "folder": "folder1", "description": "All of them"]),
    DriveAct("upload", "upload_file", ["name": "notes.md", "text": "# Notes", "mime_type": "text/markdown", "convert": "document", "folder": "folder1"]),
    DriveAct("new content", "update_content", ["file": "text1", "text": "anew"]), DriveAct("rename", "update_file", ["file": "text1", "name": "other", "starred": true]),
    DriveAct("move", "move_file", ["file": "text1", "folder": "folder2"]), DriveAct("trash", "trash_file", ["file": "text1"]),
    DriveAct("copy", "copy_file", ["file": "text1", "name": "copy", "folder": "folder2"]), DriveAct("delete", "delete_file", ["file": "text1"]),
    DriveAct("share", "share_file", ["file": "text1", "type": "user", "role": "reader", "email": "bob@example.com", "notify": true, "message": "Here it is"]),
    DriveAct("share with a domain", "share_file", ["file": "text1", "type": "domain", "role": "reader", "domain": "example.com", "discoverable": true]),
    DriveAct("role", "update_permission", ["file": "text1", "permission": "p1", "role": "writer"]),
    DriveAct("unshare", "remove_permission", ["file": "text1", "permission": "p1"]),
    DriveAct("new comment", "add_comment", ["file": "doc1", "text": "So?", "quoted": "Plan"]),
    DriveAct("changed comment", "update_comment", ["file": "doc1", "comment": "c1", "text": "So!"]),
    DriveAct("deleted comment", "delete_comment", ["file": "doc1", "comment": "c1"]),
    DriveAct("reply", "reply_to_comment", ["file": "doc1", "comment": "c1", "text": "Yes", "action": "resolve"]),
    DriveAct("new rows", "append_sheet_values", ["file": "sheet1", "range": "Sheet1!A:B", "values": [["Ada", 3], ["Bob", true]], "input": "typed"]),
    DriveAct("new cells", "update_sheet_values", ["file": "sheet1", "range": "Sheet1!A1:B1", "values": [["a", 1.5]]]),
    DriveAct(
      "changed document", "update_document",
      [
        "file": "doc1", "revision": "rev7",
        "requests": [["insertText": ["location": ["index": 1], "text": "New "]], ["replaceAllText": ["containsText": ["text": "a"], "replaceText": "b"]]],
      ]),
  ]

}
