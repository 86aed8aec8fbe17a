"""What ghapi sends for the operations of CoverageTests.swift, which stand with their arguments in the file that ACTS names."""

import json
import os

import acts
from ghapi.all import GhApi

api = GhApi(owner="x1", repo="x1", token="t", gh_host=acts.URL)


def register(tool, operation, arguments):
    group, name = operation.split(".")
    acts.act(tool)(lambda: getattr(getattr(api, group), name)(**arguments))


with open(os.environ["ACTS"]) as file:
    for one in json.load(file):
        register(one["tool"], one["operation"], one["arguments"])

acts.run()
