"""atlassian-python-api and PyPI jira doing what the tools of the connector do. Where a client builds bodies, that one is used."""

import datetime
import io

from acts import URL, act, run
from atlassian.jira.jira_cloud import JiraCloud
from atlassian.jira.service_management_methods import JiraServiceManagementMethods
from atlassian.jira.software_methods import JiraSoftwareMethods
from jira import JIRA

STANDARD = "summary,status,issuetype,priority,assignee,reporter,labels,project,created,updated,duedate,parent,resolution"
LONG = ",description,components,fixVersions,issuelinks,subtasks,attachment"
FIELDS = "assignee,issuetype,labels,project,reporter,status,summary"


class Cloud(JiraCloud, JiraSoftwareMethods, JiraServiceManagementMethods):
    """The whole of Jira Cloud behind one session."""


def doc(*content):
    return {"type": "doc", "version": 1, "content": list(content)}


def paragraph(*content):
    return {"type": "paragraph", "content": list(content)}


def text(value, *marks):
    node = {"type": "text", "text": value}
    if marks:
        node["marks"] = [{"type": mark} for mark in marks]
    return node


@act("search_issues")
def _(a, j):
    j.enhanced_search_issues(
        '(project in ("ABC")) AND (status in ("In Progress", "To Do")) AND (text ~ "say \\"hi\\"") AND (assignee = currentUser()) ORDER BY updated DESC',
        maxResults=10, fields=FIELDS, json_result=True, use_post=True)


@act("count_issues")
def _(a, j):
    j.approximate_issue_count("(project = ABC)")


@act("get_issue")
def _(a, j):
    a.get_issue("ABC-1", fields=STANDARD + LONG)


@act("get_issues")
def _(a, j):
    a.bulk_fetch_issues(data={"issueIdsOrKeys": ["ABC-1", "ABC-2"], "fields": FIELDS.split(",")})


@act("list_comments")
def _(a, j):
    a.get_comments("ABC-1", start_at=0, max_results=50)


@act("list_worklogs")
def _(a, j):
    a.get_issue_worklog("ABC-1", start_at=0, max_results=50)


@act("list_changes")
def _(a, j):
    a.get_change_logs("ABC-1", start_at=0, max_results=20)


@act("list_changes_of_issues")
def _(a, j):
    a.bulk_fetch_issues(data={"issueIdsOrKeys": ["XYZ-7"], "fields": ["project"]})
    a.get_bulk_changelogs(data={"issueIdsOrKeys": ["10001"], "maxResults": 20, "fieldIds": ["status"]})


@act("get_time_in_status")
def _(a, j):
    a.get_issue("ABC-1", fields="created,status")
    a.get_change_logs("ABC-1", start_at=0, max_results=100)


@act("list_transitions")
def _(a, j):
    a.get_transitions("ABC-1")


@act("list_remote_links")
def _(a, j):
    a.get_remote_issue_links("ABC-1")


@act("list_watchers")
def _(a, j):
    a.get_issue_watchers("ABC-1")


@act("get_attachment")
def _(a, j):
    a.get_attachment("7")
    a.get("rest/api/3/attachment/content/7", not_json_response=True)


@act("get_myself")
def _(a, j):
    a.get_current_user()


@act("search_users")
def _(a, j):
    a.find_users(query="ada@example.com", start_at=0, max_results=50)


@act("list_assignable_users")
def _(a, j):
    a.find_assignable_users(project="ABC", query="ada", start_at=0, max_results=50)


@act("list_projects")
def _(a, j):
    a.search_projects(query="ab", start_at=0, max_results=50)


@act("get_project")
def _(a, j):
    a.get_project("ABC")


@act("list_versions")
def _(a, j):
    a.get_project_versions("ABC")


@act("list_components")
def _(a, j):
    a.get_project_components("ABC")


@act("list_issue_types")
def _(a, j):
    a.get_create_issue_meta_issue_types("ABC", start_at=0, max_results=50)


@act("list_create_fields")
def _(a, j):
    a.get_create_issue_meta_issue_type_id("ABC", "10001", start_at=0, max_results=50)


@act("list_edit_fields")
def _(a, j):
    a.get_edit_issue_meta("ABC-1")


@act("list_link_types")
def _(a, j):
    a.get_issue_link_types()


@act("list_fields")
def _(a, j):
    a.get_fields()


@act("list_field_contexts")
def _(a, j):
    a.get_contexts_for_field("customfield_10016", start_at=0, max_results=50)


@act("list_field_options")
def _(a, j):
    a.get_options_for_context("customfield_10016", "10025", start_at=0, max_results=50)


@act("list_field_options of an issue")
def _(a, j):
    a.get_edit_issue_meta("ABC-1")


@act("list_field_options of a type")
def _(a, j):
    a.get_create_issue_meta_issue_type_id("ABC", "10001", start_at=0, max_results=200)


@act("get_my_permissions")
def _(a, j):
    a.get_my_permissions(project_key="ABC", permissions="BROWSE_PROJECTS,EDIT_ISSUES")


@act("check_jql")
def _(a, j):
    a.parse_jql_queries(validation="strict", data={"queries": ["project = ABC"]})


@act("list_boards")
def _(a, j):
    a.get_all_boards(start_at=0, max_results=50, type="scrum", project_key_or_id="ABC")


@act("get_board")
def _(a, j):
    a.get_board("35")
    a.get_statuses()
    # Of the core there is a method of the same name.
    JiraSoftwareMethods.get_configuration(a, "35")


@act("list_board_issues")
def _(a, j):
    a.get_issues_for_board("4", start_at=0, max_results=50, jql="(status = Done)", fields=FIELDS + ",customfield_10016")


@act("list_sprints")
def _(a, j):
    a.get_all_sprints("4", start_at=0, max_results=50, state="active,closed")


@act("get_sprint")
def _(a, j):
    a.get_sprint("37")


@act("list_sprint_issues")
def _(a, j):
    a.get_issues_for_sprint("37", start_at=0, max_results=50, jql="(status = Done)", fields=FIELDS)


@act("list_backlog")
def _(a, j):
    a.get_issues_for_backlog("4", start_at=0, max_results=50, fields=FIELDS)


act("list_service_desks")(lambda a, j: a.get_service_desks(start=0, limit=50))
act("list_queues")(lambda a, j: a.get_queues("1", start=0, limit=50))
act("list_queue_issues")(lambda a, j: a.get_issues_in_queue("1", "2", start=0, limit=50))
act("get_service_request")(lambda a, j: a.get_customer_request_by_id_or_key("ABC-1"))
act("list_request_types")(lambda a, j: a.get_request_types("1", start=0, limit=50, search_query="mouse"))
act("list_request_fields")(lambda a, j: a.get_request_type_fields("1", "25"))
act("list_organizations")(lambda a, j: a.get_organizations_servicedesk_service_desk_id_organization_get("1", start=0, limit=50))
act("list_request_comments")(lambda a, j: a.get_request_comments("ABC-1", public="true", internal="false", start=0, limit=50))
act("list_request_transitions")(lambda a, j: a.get_customer_transitions("ABC-1", start=0, limit=50))
act("list_request_participants")(lambda a, j: a.get_request_participants("ABC-1", start=0, limit=50))
act("list_approvals")(lambda a, j: a.get_approvals("ABC-1", start=0, limit=50))
act("list_slas")(lambda a, j: a.get_sla_information("ABC-1", start=0, limit=50))


@act("create_request")
def _(a, j):
    a.create_customer_request(data={
        "serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "Mouse", "description": "A _new_ one"},
        "requestParticipants": ["5b2"]})


act("comment_on_request")(lambda a, j: a.create_request_comment("ABC-1", data={"body": "Hello", "public": False}))
act("transition_request")(lambda a, j: a.perform_customer_transition("ABC-1", data={"id": "11", "additionalComment": {"body": "Done"}}))
act("add_request_participants")(lambda a, j: a.add_request_participants("ABC-1", data={"accountIds": ["5b2"]}))
act("remove_request_participants")(lambda a, j: a.remove_request_participants("ABC-1", data={"accountIds": ["5b2"]}))
act("answer_approval")(lambda a, j: a.answer_approval("ABC-1", "56", data={"decision": "approve"}))


@act("create_issue")
def _(a, j):
    a.create_issue(data={"fields": {
        "project": {"key": "ABC"}, "issuetype": {"name": "Bug"}, "summary": "It breaks",
        "description": doc(
            paragraph(text("Steps", "strong")),
            {"type": "orderedList", "content": [{"type": "listItem", "content": [paragraph(text("Start"))]}]}),
        "priority": {"name": "High"}, "labels": ["a"], "customfield_10016": 3}})


@act("create_issues")
def _(a, j):
    a.create_issues(data={"issueUpdates": [{"fields": {"project": {"key": "ABC"}, "issuetype": {"name": "Bug"}, "summary": "One"}}]})


@act("edit_issue")
def _(a, j):
    a.edit_issue("ABC-1", data={"fields": {"summary": "New"}, "update": {"labels": [{"add": "x"}, {"remove": "y"}]}})


@act("assign_issue nobody")
def _(a, j):
    a.assign_issue("ABC-1", data={"accountId": None})


@act("assign_issue")
def _(a, j):
    a.assign_issue("ABC-1", data={"accountId": "5b1"})


@act("transition_issue")
def _(a, j):
    j.transition_issue("ABC-1", "31", fields={"resolution": {"name": "Done"}})


@act("transition_issue by name")
def _(a, j):
    j.transition_issue("ABC-1", "In Progress")


@act("add_comment")
def _(a, j):
    j.add_comment("ABC-1", doc(paragraph(text("Hello "), text("there", "em"))))


@act("add_comment for a role")
def _(a, j):
    j.add_comment("ABC-1", doc(paragraph(text("Hello"))), visibility={"type": "role", "value": "Administrators"})


@act("update_comment for a group")
def _(a, j):
    a.update_comment("ABC-1", "5", data={"body": doc(paragraph(text("Better"))), "visibility": {"type": "group", "value": "staff"}})


@act("update_comment")
def _(a, j):
    a.get_comment("ABC-1", "5")
    a.update_comment("ABC-1", "5", data={"body": doc(paragraph(text("Better")))})


@act("log_work")
def _(a, j):
    j.add_worklog("ABC-1", timeSpent="3h 30m", started=datetime.datetime(2026, 7, 28, 7, 0, 0))


@act("link_issues")
def _(a, j):
    j.create_issue_link("Blocks", inwardIssue="ABC-1", outwardIssue="ABC-2")


@act("add_remote_link")
def _(a, j):
    j.add_simple_link("ABC-1", {"url": "https://example.com/a?b=c", "title": "Page"})


@act("watch_issue")
def _(a, j):
    a.post("rest/api/3/issue/ABC-1/watchers", data="5b1")


@act("watch_issue remove")
def _(a, j):
    a.remove_watcher("ABC-1", account_id="5b1")


@act("add_attachment")
def _(a, j):
    j.add_attachment("ABC-1", io.BytesIO(b"hello"), filename="a.txt")


@act("update_work")
def _(a, j):
    a.update_worklog("ABC-1", "5", data={"timeSpent": "1h", "started": "2026-07-28T07:00:00.000+0000"})


@act("delete_work")
def _(a, j):
    a.delete_worklog("ABC-1", "5")


@act("unlink_issues")
def _(a, j):
    a.get_issue_link("9")
    a.delete_issue_link("9")


@act("delete_attachment")
def _(a, j):
    a.get_issue("ABC-1", fields="attachment")
    a.remove_attachment("7")


@act("create_version")
def _(a, j):
    a.get_project("ABC")
    a.create_version(data={"name": "1.1", "description": "Better", "releaseDate": "2026-08-11", "projectId": 1})


@act("create_versions")
def _(a, j):
    a.get_project("ABC")
    a.create_version(data={"name": "1.2", "startDate": "2026-08-11", "projectId": 1})


@act("update_version")
def _(a, j):
    a.get_project("ABC")
    a.get_version("10100")
    a.update_version("10100", data={"releaseDate": "2026-08-12", "released": True})


@act("delete_comment")
def _(a, j):
    a.delete_comment("ABC-1", "5")


@act("delete_issue")
def _(a, j):
    a.delete_issue("ABC-1", delete_subtasks="true")


@act("move_to_sprint")
def _(a, j):
    j.add_issues_to_sprint(37, ["ABC-1"])


@act("move_to_backlog")
def _(a, j):
    j.move_to_backlog(["ABC-1"])


@act("create_sprint")
def _(a, j):
    j.create_sprint("Sprint 9", 4, goal="Ship")


@act("update_sprint")
def _(a, j):
    a.partially_update_sprint("37", data={"state": "closed"})


run(
    Cloud(url=URL, username="bot@example.com", password="x"),
    JIRA(URL, options={"rest_api_version": "3"}, basic_auth=("bot@example.com", "x")))
