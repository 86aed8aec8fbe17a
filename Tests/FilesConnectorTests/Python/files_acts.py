"""What Python's own library says of a tree of files, and does in a copy of it, for the acts of DifferentialTests.swift."""

import datetime
import fnmatch
import json
import os
import pathlib
import shutil
import urllib.request

import acts

TREE = pathlib.Path(os.environ["TREE"])
TWIN = pathlib.Path(os.environ["TWIN"])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answer(function):
    """Tells the test what the function gives."""
    data = json.dumps(function()).encode()
    opener.open(urllib.request.Request(f"{acts.URL}/answer", data, {"Content-Type": "application/json"}), timeout=20).read()


def act(name):
    def mark(function):
        acts.act(name)(lambda: answer(function))
        return function

    return mark


def walk(depth=64):
    for folder, folders, files in os.walk(TREE / "docs"):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders + files:
            path = pathlib.Path(folder, name).relative_to(TREE)
            if not name.startswith(".") and len(path.parts) - 1 <= depth:
                yield path


@act("list_directory")
def list_directory():
    return sorted(f"docs/{entry.name}" for entry in os.scandir(TREE / "docs") if not entry.name.startswith("."))


@act("directory_tree")
def directory_tree():
    return sorted(map(str, walk(2)))


@act("get_file_info")
def get_file_info():
    status = os.stat(TREE / "docs/guide.md")
    modified = datetime.datetime.fromtimestamp(int(status.st_mtime), datetime.timezone.utc)
    return {"bytes": status.st_size, "modified": modified.strftime("%Y-%m-%dT%H:%M:%SZ"), "kind": "file"}


@act("read_file")
def read_file():
    with open(TREE / "docs/guide.md", encoding="utf-8", newline="\n") as file:
        return "".join(file.readlines()[1:4])


@act("read_files")
def read_files():
    return [(TREE / path).read_bytes().decode() for path in ("docs/guide.md", "docs/team/notes.txt")]


@act("search_files")
def search_files():
    def fits(path):
        return any(fnmatch.fnmatchcase(text.lower(), "*e*.md") for text in (path.name, str(path.relative_to("docs"))))

    return sorted(str(path) for path in walk() if fits(path))


@act("search_text")
def search_text():
    found = []
    for path in walk():
        if (TREE / path).is_file():
            for number, line in enumerate((TREE / path).read_bytes().split(b"\n"), 1):
                if b"deploy" in line.lower():
                    found.append(f"{path}:{number}:{line.removesuffix(bytes([13])).decode()}")
    return sorted(found)


@act("write_file")
def write_file():
    (TWIN / "drafts/new.md").write_bytes("one\né\n".encode())


@act("edit_file")
def edit_file():
    file = TWIN / "drafts/old.md"
    file.write_bytes(file.read_bytes().replace(b"two", b"2").replace(b"three\r\n", b""))


@act("create_directory")
def create_directory():
    os.mkdir(TWIN / "drafts/folder", 0o755)


@act("move_file")
def move_file():
    os.rename(TWIN / "drafts/moved.md", TWIN / "drafts/folder/there.md")


@act("delete_file")
def delete_file():
    os.remove(TWIN / "drafts/gone.md")


@act("copy_file")
def copy_file():
    shutil.copyfile(TWIN / "drafts/log.md", TWIN / "drafts/copy.md")


@act("append_file")
def append_file():
    with open(TWIN / "drafts/log.md", "ab") as file:
        file.write("five é\n".encode())


acts.run()
