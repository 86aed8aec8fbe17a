"""Acts of simple-salesforce, to compare our requests with."""

import urllib.parse

import requests
from simple_salesforce import Salesforce

import acts
from acts import act


class Plain(requests.adapters.HTTPAdapter):
    """simple-salesforce speaks https only; the double does not."""

    def send(self, request, **rest):
        request.url = "http" + request.url.removeprefix("https")
        return super().send(request, **rest)


session = requests.Session()
session.trust_env = False
session.mount("https://", Plain())
host = urllib.parse.urlsplit(acts.URL).netloc
sf = Salesforce(instance=host, session_id="token", version="62.0", session=session)

ID = "006ak00000OQ4RxAAL"
TASK = "SELECT Id, Subject FROM Invoice__c WHERE Region__c = 'EMEA' AND Total__c >= 1000 ORDER BY Total__c DESC LIMIT 20"


@act("limits")
def limits():
    sf.limits()


@act("list_objects")
def list_objects():
    sf.describe()


@act("describe_object")
def describe_object():
    sf.Invoice__c.describe()


@act("soql_query")
def soql_query():
    sf.query(TASK)


@act("soql_query raw")
def soql_query_raw():
    sf.query(TASK)


@act("query_more")
def query_more():
    sf.query_more("/services/data/v62.0/query/01gD0000002HU6KIAW-2000", identifier_is_url=True)


@act("aggregate_query")
def aggregate_query():
    sf.query("SELECT StageName, SUM(Amount) total FROM Opportunity GROUP BY StageName LIMIT 200")


@act("sosl_search")
def sosl_search():
    sf.search("FIND {Acme\\-Corp*} IN NAME FIELDS RETURNING Invoice__c(Id, Name) LIMIT 10")


@act("get_record")
def get_record():
    sf.Invoice__c.get(ID)


@act("get_record by external id")
def get_record_by_external_id():
    sf.Invoice__c.get_by_custom_id("Number__c", "A-1")


@act("get_related_records")
def get_related_records():
    sf.restful(f"sobjects/Account/{ID}/Contacts")


@act("list_recent")
def list_recent():
    sf.restful("recent", params={"limit": "25"})


@act("list_list_views")
def list_list_views():
    sf.restful("sobjects/Account/listviews")


@act("run_report")
def run_report():
    sf.restful(f"analytics/reports/{ID}", params={"includeDetails": "true"})


@act("create_record")
def create_record():
    sf.Invoice__c.create({"Name": "A", "Total__c": 5})


@act("update_record")
def update_record():
    sf.Invoice__c.update(ID, {"Name": "B", "Total__c": None})


@act("upsert_record")
def upsert_record():
    sf.Invoice__c.upsert("Number__c/A-1", {"Name": "B"})


@act("delete_record")
def delete_record():
    sf.Invoice__c.delete(ID)


@act("upload_file")
def upload_file():
    sf.ContentVersion.create(
        {"Title": "notes.md", "PathOnClient": "notes.md", "VersionData": "aGVsbG8K", "FirstPublishLocationId": ID}
    )
    sf.query(f"SELECT ContentDocumentId FROM ContentVersion WHERE Id = '{ID}'")


@act("create_records")
def create_records():
    sf.restful(
        "composite/sobjects",
        method="POST",
        json={"allOrNone": False, "records": [{"attributes": {"type": "Contact"}, "LastName": "Dyer"}]},
    )


@act("list_flows")
def list_flows():
    sf.restful("actions/custom/flow")


@act("run_flow")
def run_flow():
    sf.restful("actions/custom/flow/Renew", method="POST", json={"inputs": [{"days": 3}]})


@act("tooling_query")
def tooling_query():
    sf.restful("tooling/query", params={"q": "SELECT Id, Name FROM ApexClass LIMIT 200"})


@act("start_bulk_query")
def start_bulk_query():
    sf.restful(
        "jobs/query", method="POST", json={"operation": "query", "query": "SELECT Id, Total__c FROM Invoice__c"}
    )


@act("get_bulk_query")
def get_bulk_query():
    sf.restful(f"jobs/query/{ID}")


acts.run()
