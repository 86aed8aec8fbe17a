"""What google-api-python-client sends for the acts of DriveActs.swift."""

import json
import os

import googleapiclient
import httplib2
from googleapiclient.discovery import build_from_document
from googleapiclient.http import MediaInMemoryUpload

import acts

DOCUMENTS = os.path.join(os.path.dirname(googleapiclient.__file__), "discovery_cache", "documents")


def service(name):
    """A client from the discovery document that comes with the package, its root at the double."""
    with open(os.path.join(DOCUMENTS, name + ".json"), encoding="utf-8") as file:
        document = json.load(file)
    document["rootUrl"] = acts.URL + "/"
    document["baseUrl"] = acts.URL + "/" + document["servicePath"]
    document.pop("mtlsRootUrl", None)
    return build_from_document(document, http=httplib2.Http())


drive = service("drive.v3")
sheets = service("sheets.v4")
docs = service("docs.v1")
act = acts.act

DOCUMENT = "application/vnd.google-apps.document"
FOLDER = "application/vnd.google-apps.folder"
EVERYWHERE = {"supportsAllDrives": True}
LIST = {"supportsAllDrives": True, "includeItemsFromAllDrives": True, "spaces": "drive", "fields": "*"}


def get(file):
    drive.files().get(fileId=file, fields="*", **EVERYWHERE).execute()


@act("about")
def _():
    drive.about().get(fields="*").execute()


@act("search")
def _():
    q = (
        "fullText contains 'Ada\\'s \\\\ plan' and mimeType = '" + DOCUMENT + "' and modifiedTime > '2026-07-28T00:00:00Z' and trashed = false"
    )
    drive.files().list(q=q, corpora="allDrives", pageSize=10, **LIST).execute()


@act("search in a drive")
def _():
    drive.files().list(
        q="name contains 'plan' and starred = true and trashed = false", corpora="drive", driveId="drive1", orderBy="name_natural", pageSize=25, **LIST
    ).execute()


@act("folder")
def _():
    drive.files().list(
        q="'folder1' in parents and trashed = false", corpora="allDrives", orderBy="folder,name_natural", pageSize=50, **LIST
    ).execute()


@act("recent")
def _():
    drive.files().list(
        q=f"mimeType != '{FOLDER}' and trashed = false", corpora="user", orderBy="viewedByMeTime desc", pageSize=25, **LIST
    ).execute()


@act("file")
def _():
    get("text1")


@act("labels")
def _():
    drive.files().listLabels(fileId="text1", maxResults=50, fields="*").execute()


@act("markdown")
def _():
    get("doc1")
    drive.files().export(fileId="doc1", mimeType="text/markdown").execute()


@act("csv")
def _():
    get("sheet1")
    drive.files().export(fileId="sheet1", mimeType="text/csv").execute()


@act("picture")
def _():
    get("drawing1")
    drive.files().export(fileId="drawing1", mimeType="image/png").execute()


@act("text")
def _():
    drive.files().get_media(fileId="text1", **EVERYWHERE).execute()


@act("earlier text")
def _():
    drive.revisions().get_media(fileId="text1", revisionId="1").execute()


@act("pdf")
def _():
    get("doc1")
    drive.files().export(fileId="doc1", mimeType="application/pdf").execute()


@act("prepared")
def _():
    get("doc1")
    drive.files().download(fileId="doc1", mimeType="application/pdf").execute()
    drive.operations().get(name="op1").execute()


@act("drives")
def _():
    drive.drives().list(q="name contains 'Sa\\'les'", pageSize=50, fields="*").execute()


@act("drive")
def _():
    drive.drives().get(driveId="drive1", fields="*").execute()


@act("start of changes")
def _():
    drive.changes().getStartPageToken(fields="*", **EVERYWHERE).execute()


@act("revisions")
def _():
    drive.revisions().list(fileId="text1", pageSize=100, fields="*").execute()


@act("permissions")
def _():
    drive.permissions().list(fileId="text1", pageSize=100, fields="*", **EVERYWHERE).execute()


@act("comments")
def _():
    drive.comments().list(fileId="doc1", startModifiedTime="2026-07-28T00:00:00Z", includeDeleted=True, pageSize=20, fields="*").execute()


@act("comment")
def _():
    drive.comments().get(fileId="doc1", commentId="c1", fields="*").execute()


@act("replies")
def _():
    drive.replies().list(fileId="doc1", commentId="c1", pageSize=20, fields="*").execute()


@act("sheets")
def _():
    sheets.spreadsheets().get(spreadsheetId="sheet1").execute()


@act("cells")
def _():
    sheets.spreadsheets().values().get(
        spreadsheetId="sheet1", range="Sheet1!A1:B2", valueRenderOption="UNFORMATTED_VALUE", majorDimension="ROWS"
    ).execute()


@act("structure")
def _():
    docs.documents().get(documentId="doc1", includeTabsContent=True, suggestionsViewMode="PREVIEW_WITHOUT_SUGGESTIONS").execute()


@act("new document")
def _():
    drive.files().create(body={"name": "Plan", "mimeType": DOCUMENT, "parents": ["folder1"]}, fields="*", **EVERYWHERE).execute()


@act("new shortcut")
def _():
    body = {"name": "To it", "mimeType": "application/vnd.google-apps.shortcut", "shortcutDetails": {"targetId": "doc1"}}
    drive.files().create(body=body, fields="*", **EVERYWHERE).execute()


@act("new folder")
def _():
    body = {"name": "Plans", "mimeType": FOLDER, "parents": ["folder1"], "description": "All of them"}
    drive.files().create(body=body, fields="*", **EVERYWHERE).execute()


@act("upload")
def _():
    body = {"name": "notes.md", "mimeType": DOCUMENT, "parents": ["folder1"]}
    drive.files().create(body=body, media_body=MediaInMemoryUpload(b"# Notes", "text/markdown"), fields="*", **EVERYWHERE).execute()


@act("new content")
def _():
    drive.files().update(fileId="text1", body={}, media_body=MediaInMemoryUpload(b"anew", "text/plain"), fields="*", **EVERYWHERE).execute()


@act("rename")
def _():
    drive.files().update(fileId="text1", body={"name": "other", "starred": True}, fields="*", **EVERYWHERE).execute()


@act("move")
def _():
    get("text1")
    drive.files().update(fileId="text1", body={}, addParents="folder2", removeParents="folder1", fields="*", **EVERYWHERE).execute()


@act("trash")
def _():
    drive.files().update(fileId="text1", body={"trashed": True}, fields="*", **EVERYWHERE).execute()


@act("copy")
def _():
    drive.files().copy(fileId="text1", body={"name": "copy", "parents": ["folder2"]}, fields="*", **EVERYWHERE).execute()


@act("delete")
def _():
    drive.files().delete(fileId="text1", **EVERYWHERE).execute()


@act("share")
def _():
    body = {"type": "user", "role": "reader", "emailAddress": "bob@example.com"}
    drive.permissions().create(fileId="text1", body=body, sendNotificationEmail=True, emailMessage="Here it is", fields="*", **EVERYWHERE).execute()


@act("share with a domain")
def _():
    body = {"type": "domain", "role": "reader", "domain": "example.com", "allowFileDiscovery": True}
    drive.permissions().create(fileId="text1", body=body, fields="*", **EVERYWHERE).execute()


@act("role")
def _():
    drive.permissions().update(fileId="text1", permissionId="p1", body={"role": "writer"}, fields="*", **EVERYWHERE).execute()


@act("unshare")
def _():
    drive.permissions().delete(fileId="text1", permissionId="p1", **EVERYWHERE).execute()


@act("new comment")
def _():
    body = {"content": "So?", "quotedFileContent": {"mimeType": "text/plain", "value": "Plan"}}
    drive.comments().create(fileId="doc1", body=body, fields="*").execute()


@act("changed comment")
def _():
    drive.comments().update(fileId="doc1", commentId="c1", body={"content": "So!"}, fields="*").execute()


@act("deleted comment")
def _():
    drive.comments().delete(fileId="doc1", commentId="c1").execute()


@act("reply")
def _():
    drive.replies().create(fileId="doc1", commentId="c1", body={"content": "Yes", "action": "resolve"}, fields="*").execute()


@act("new rows")
def _():
    sheets.spreadsheets().values().append(
        spreadsheetId="sheet1", range="Sheet1!A:B", valueInputOption="USER_ENTERED", insertDataOption="INSERT_ROWS",
        body={"majorDimension": "ROWS", "values": [["Ada", 3], ["Bob", True]]},
    ).execute()


@act("new cells")
def _():
    sheets.spreadsheets().values().update(
        spreadsheetId="sheet1", range="Sheet1!A1:B1", valueInputOption="RAW", body={"majorDimension": "ROWS", "values": [["a", 1.5]]}
    ).execute()


@act("changed document")
def _():
    docs.documents().batchUpdate(
        documentId="doc1",
        body={
            "requests": [
                {"insertText": {"location": {"index": 1}, "text": "New "}},
                {"replaceAllText": {"containsText": {"text": "a"}, "replaceText": "b"}},
            ],
            "writeControl": {"requiredRevisionId": "rev7"},
        },
    ).execute()


if __name__ == "__main__":
    acts.run()
