"""parse.py SUBJECT PLACE ROWS [--warmup S] [--seconds S]: has a vendor's PyPI client make its objects of a page, again and again, and prints the
figures as JSON. What a client does before its parsing (sending, waiting, decompressing) is not done."""
import argparse
import json
import os
import time
from importlib.metadata import version


def slack(body):
    """As WebClient._urllib_api_call does it."""
    from slack_sdk import WebClient
    from slack_sdk.web.slack_response import SlackResponse

    client = WebClient(token="xoxb")

    def parse():
        response = SlackResponse(
            client=client, http_verb="GET", api_url="https://slack.com/api/conversations.history", req_args={}, data=json.loads(body.decode("utf-8")), headers={},
            status_code=200)
        return response.validate()["messages"]

    return parse, "slack_sdk"


def github(body):
    """As PaginatedList does it with what Requester hands over."""
    from github import Github
    from github.Issue import Issue

    requester = Github().requester

    def parse():
        return [Issue(requester, {}, element) for element in json.loads(body.decode("utf-8"))]

    return parse, "PyGithub"


def openapi(body):
    """ghapi is made of GitHub's OpenAPI description, as the connector's tools are. As GhTransport does it."""
    from fastcore.all import dict2obj

    def parse():
        return dict2obj(json.loads(body))

    return parse, "ghapi"


def jira(body):
    """As JIRA._get_items_from_page does it with what the session hands over."""
    from jira.resources import Issue

    options = {"server": "https://acme.atlassian.net"}

    def parse():
        return [Issue(options, None, raw) for raw in response(body).json()["issues"]]

    return parse, "jira"


def google_drive(body):
    from googleapiclient.model import JsonModel

    model = JsonModel()

    def parse():
        return model.deserialize(body)["files"]

    return parse, "google-api-python-client"


def salesforce(body):
    """As Salesforce.query does it."""
    from simple_salesforce import Salesforce

    client = Salesforce(session_id="00D", instance_url="https://acme.my.salesforce.com")

    def parse():
        return client.parse_result_to_json(response(body))["records"]

    return parse, "simple-salesforce"


def response(body):
    """What the HTTP library hands over when all has come."""
    import requests

    made = requests.Response()
    made.status_code, made._content, made.encoding = 200, body, "utf-8"
    return made


def files(folder):
    from fsspec.implementations.local import LocalFileSystem

    system = LocalFileSystem()

    def parse():
        return system.ls(folder, detail=True)

    return parse, "fsspec"


def sqlite(file):
    import sqlite3

    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row

    def parse():
        return [dict(row) for row in connection.execute("SELECT * FROM orders ORDER BY id LIMIT 501")]

    return parse, "sqlite3"


def postgres(place):
    import psycopg
    from psycopg.rows import dict_row

    connection = psycopg.connect(place, autocommit=True, row_factory=dict_row)

    def parse():
        return connection.execute("SELECT * FROM orders ORDER BY id LIMIT 501").fetchall()

    return parse, "psycopg"


SUBJECTS = {part.__name__: part for part in (slack, github, openapi, jira, google_drive, salesforce, files, sqlite, postgres)}
TEXTS = (slack, github, openapi, jira, google_drive, salesforce)


def measure(parse, rows, seconds):
    cpu, start, count = time.process_time(), time.perf_counter(), 0
    while True:
        parsed = parse()
        count += rows
        if time.perf_counter() - start >= seconds:
            break
    assert len(parsed) == rows, f"{len(parsed)} rows in place of {rows}"
    return {"rows": count, "seconds": time.perf_counter() - start, "cpu_us_per_row": (time.process_time() - cpu) / count * 1e6}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("place")
    parser.add_argument("rows", type=int)
    parser.add_argument("--warmup", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    place = options.place
    make = SUBJECTS[options.subject]
    if make in TEXTS:
        with open(place, "rb") as file:
            place = file.read()
    parse, package = make(place)
    measure(parse, options.rows, options.warmup)
    figures = measure(parse, options.rows, options.seconds)
    name = f"{package} {'' if package == 'sqlite3' else version(package)}".strip()
    print(json.dumps({**figures, "client": name}))


if __name__ == "__main__":
    main()
