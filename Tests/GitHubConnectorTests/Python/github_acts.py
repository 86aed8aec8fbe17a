"""What PyGithub (by hand) and ghapi (from GitHub's description) send for the acts of GitHubActs.swift."""

from datetime import datetime, timezone

import acts
from acts import act
from ghapi.all import GhApi
from github import Auth, Github

SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
SINCE = datetime(2026, 11, 1, tzinfo=timezone.utc)
g = Github(auth=Auth.Token("t"), base_url=acts.URL, per_page=50, retry=None, seconds_between_requests=0, seconds_between_writes=0)
api = GhApi(owner="octo", repo="cat", token="t", gh_host=acts.URL)
r = Github(auth=Auth.Token("t"), base_url=acts.URL, per_page=50, retry=None, seconds_between_requests=0, seconds_between_writes=0, lazy=True).get_repo("octo/cat")


def issue():
    return r.get_issue(7)


def pull():
    return r.get_pull(9)


# Context
act("me")(lambda: g.get_user().login)
act("limits")(lambda: g.get_rate_limit())

act("teams")(lambda: api.teams.list(org="octo", per_page=50))
act("team members")(lambda: api.teams.list_members_in_org(org="octo", team_slug="core", role="maintainer", per_page=50))
act("collaborators")(lambda: list(r.get_collaborators(affiliation="direct", permission="push")))

# Gists
act("gists")(lambda: list(g.get_user().get_gists(since=SINCE)))
act("gist")(lambda: g.get_gist("aa5a315d61ae9438b18d"))
act("create gist")(lambda: api.gists.create(description="Two", public=False, files={"a.txt": {"content": "A"}, "b.txt": {"content": "B"}}))
act("change gist")(lambda: api.gists.update(gist_id="aa5a315d61ae9438b18d", description="One", files={"a.txt": {"content": "C"}, "b.txt": None}))
act("delete gist")(lambda: api.gists.delete(gist_id="aa5a315d61ae9438b18d"))

act("gists of another")(lambda: api.gists.list_for_user(username="ada", per_page=50))
act("own teams")(lambda: api.teams.list_for_authenticated_user(per_page=50))
act("stars")(lambda: api.activity.list_repos_starred_by_authenticated_user(sort="created", direction="asc", per_page=50))
act("stars of another")(lambda: api.activity.list_repos_starred_by_user(username="ada", per_page=50))
act("star")(lambda: api.activity.star_repo_for_authenticated_user())
act("unstar")(lambda: api.activity.unstar_repo_for_authenticated_user())

# Repositories
act("organization repositories")(lambda: list(g.get_organization("octo").get_repos(sort="updated", direction="asc")))
act("own repositories")(lambda: list(g.get_user().get_repos(visibility="private", sort="pushed")))
act("repository")(lambda: g.get_repo("octo/cat"))
act("branches")(lambda: list(r.get_branches()))
act("tags")(lambda: list(r.get_tags()))
act("releases")(lambda: list(r.get_releases()))
act("latest release")(lambda: api.repos.get_latest_release())
act("release of a tag")(lambda: api.repos.get_release_by_tag(tag="v1.0"))
act("tag")(lambda: api.git.get_ref(ref="tags/v1.0"))
act("change release")(lambda: api.repos.update_release(release_id=8, name="Two", body="Better", draft=False, make_latest="true"))
act("delete release")(lambda: api.repos.delete_release(release_id=8))
act("search repositories")(lambda: list(g.search_repositories("topic:swift", sort="stars", order="desc")))
act("search code")(lambda: list(g.search_code("parseHeader repo:octo/cat")))
act("search users")(lambda: list(g.search_users("ada type:user")))
act("search commits")(lambda: list(g.search_commits("fix repo:octo/cat", sort="author-date", order="asc")))
act("file")(lambda: r.get_contents("src/a b.swift", ref="main"))
act("commits")(lambda: list(r.get_commits(sha="main", path="src", author="ada", since=SINCE)))
act("commit")(lambda: r.get_commit(SHA).stats)
act("compare")(lambda: api.repos.compare_commits(basehead="v1.0...feature/x", per_page=50))
act("tree")(lambda: r.get_git_tree("main", recursive=True))
act("ref")(lambda: api.git.get_ref(ref="heads/main"))
act("blob")(lambda: api.git.get_blob(file_sha=SHA))

# Changes to repositories
act("create branch")(lambda: r.create_git_ref("refs/heads/topic", SHA))
act("create file")(lambda: r.create_file("docs/a.md", "Add a", "Grüße\n", branch="topic"))
act("replace file")(lambda: r.update_file("docs/a.md", "Change a", "b\n", SHA, branch="topic"))
act("delete file")(lambda: r.delete_file("docs/a.md", "Drop a", SHA, branch="topic"))
act("create tag")(lambda: r.create_git_ref("refs/tags/v2.0", SHA))
act("create release")(
    lambda: r.create_git_release("v2.0", "Two", "Notes", draft=True, prerelease=False, generate_release_notes=True, target_commitish="main")
)
act("create repository")(lambda: api.repos.create_for_authenticated_user(name="fresh", description="New", private=True, auto_init=True))
act("create repository of an organization")(lambda: api.repos.create_in_org(org="octo", name="fresh", private=True))
act("fork")(lambda: api.repos.create_fork(organization="others", default_branch_only=True))
act("change repository")(
    lambda: api.repos.update(
        description="Newer", homepage="https://cat.example", visibility="private", default_branch="next", has_wiki=False, archived=True
    )
)
act("rename repository")(lambda: api.repos.update(name="tiger"))


@act("delete branch")
async def delete_branch():
    await api.git.get_ref(ref="heads/topic/a")
    await api.git.delete_ref(ref="heads/topic/a")


@act("push files")
async def push_files():
    parent = (await api.git.get_ref(ref="heads/main")).object.sha
    base = (await api.git.get_commit(commit_sha=parent)).tree.sha
    entries = [
        {"path": "a.txt", "mode": "100644", "type": "blob", "content": "A"},
        {"path": "bin/run", "mode": "100755", "type": "blob", "content": "#!/bin/sh"},
        {"path": "old.txt", "mode": "100644", "type": "blob", "sha": None},
    ]
    tree = (await api.git.create_tree(base_tree=base, tree=entries)).sha
    commit = (await api.git.create_commit(message="Three files", tree=tree, parents=[parent])).sha
    await api.git.update_ref(ref="heads/main", sha=commit, force=False)


# Issues
act("issues")(
    lambda: list(r.get_issues(state="open", labels=["bug", "p1"], assignee="ada", creator="bob", sort="updated", direction="asc", since=SINCE))
)
act("search issues")(lambda: list(g.search_issues("crash is:issue", sort="created", order="desc")))
act("issue")(lambda: issue().title)
act("issue comments")(lambda: list(issue().get_comments()))
act("issue labels")(lambda: list(issue().get_labels()))
act("reactions")(lambda: list(issue().get_reactions()))
act("sub-issues")(lambda: list(issue().get_sub_issues()))
act("blocked by")(lambda: api.issues.list_dependencies_blocked_by(issue_number=7, per_page=50))
act("blocking")(lambda: api.issues.list_dependencies_blocking(issue_number=7, per_page=50))
act("parent")(lambda: api.issues.get_parent(issue_number=7))
act("timeline")(lambda: list(issue().get_timeline()))
act("labels")(lambda: list(r.get_labels()))
act("milestones")(lambda: list(r.get_milestones(state="all")))
act("create issue")(lambda: r.create_issue("Broken", body="It is.", labels=["bug"], assignees=["ada"]))
act("change issue")(lambda: issue().edit(title="Mended", state="closed", state_reason="completed", labels=["done"]))
act("add labels")(lambda: api.issues.add_labels(issue_number=7, labels=["bug", "p1"]))
act("assign")(lambda: issue().add_to_assignees("ada", "bob"))
act("assign no longer")(lambda: issue().remove_from_assignees("bob"))
act("artifact")(lambda: api.actions.download_artifact(artifact_id=8, archive_format="zip"))
act("react to comment")(lambda: api.reactions.create_for_issue_comment(comment_id=3, content="eyes"))
act("react to line comment")(lambda: api.reactions.create_for_pull_request_review_comment(comment_id=33, content="rocket"))
act("issue types")(lambda: api.repos.list_issue_types())
act("react")(lambda: issue().create_reaction("+1"))
act("comment")(lambda: issue().create_comment("Thanks"))
act("change comment")(lambda: api.issues.update_comment(comment_id=3, body="Better"))
act("delete comment")(lambda: api.issues.delete_comment(comment_id=3))
act("add sub-issue")(lambda: api.issues.add_sub_issue(issue_number=7, sub_issue_id=12, replace_parent=True))
act("remove sub-issue")(lambda: api.issues.remove_sub_issue(issue_number=7, sub_issue_id=12))
act("move sub-issue")(lambda: api.issues.reprioritize_sub_issue(issue_number=7, sub_issue_id=12, after_id=11))
act("create label")(lambda: r.create_label("bug", "ff0000", "Wrong"))
act("change label")(lambda: api.issues.update_label(name="bug", new_name="defect", color="00ff00"))
act("delete label")(lambda: api.issues.delete_label(name="bug"))


@act("block issue")
async def block_issue():
    blocking = await api.issues.get(issue_number=12)
    await api.issues.add_blocked_by_dependency(issue_number=7, issue_id=blocking.id)


@act("block no longer")
async def block_no_longer():
    blocking = await api.issues.get(issue_number=12)
    await api.issues.remove_dependency_blocked_by(issue_number=7, issue_id=blocking.id)


@act("remove labels")
def remove_labels():
    issue().remove_from_labels("good first issue")
    issue().remove_from_labels("p1")


# Pull requests
act("pull requests")(lambda: list(r.get_pulls(state="all", sort="updated", direction="desc", base="main", head="octo:topic")))
act("search pull requests")(lambda: list(g.search_issues("review is:pr")))
act("pull request")(lambda: pull().title)
act("pull request files")(lambda: list(pull().get_files()))
act("pull request commits")(lambda: list(pull().get_commits()))
act("reviews")(lambda: list(pull().get_reviews()))
act("review comments")(lambda: list(pull().get_review_comments()))
act("conversation")(lambda: api.issues.list_comments(issue_number=9, per_page=50))
act("reviewers")(lambda: api.pulls.list_requested_reviewers(pull_number=9))
act("check runs")(lambda: api.checks.list_for_ref(ref=SHA, per_page=50))
act("status")(lambda: api.repos.get_combined_status_for_ref(ref=SHA, per_page=50))
act("open pull request")(lambda: r.create_pull(base="main", head="topic", title="Mend", body="Fixes #7", draft=True))
act("change pull request")(lambda: pull().edit(title="Mend it", body="More", state="closed", base="next"))
act("merge")(lambda: pull().merge(commit_message="All", commit_title="Merge", merge_method="squash", sha=SHA))
act("update branch")(lambda: pull().update_branch(SHA))
act("request review")(lambda: pull().create_review_request(reviewers=["ada"], team_reviewers=["core"]))
act("remove reviewer")(lambda: api.pulls.remove_requested_reviewers(pull_number=9, reviewers=["ada"]))
act("review")(
    lambda: pull().create_review(body="Good", event="APPROVE", comments=[{"path": "a.swift", "line": 3, "side": "RIGHT", "body": "Why?"}])
)
act("submit review")(lambda: api.pulls.submit_review(pull_number=9, review_id=80, event="COMMENT", body="So"))
act("change review")(lambda: api.pulls.update_review(pull_number=9, review_id=80, body="Rather"))
act("delete pending review")(lambda: api.pulls.delete_pending_review(pull_number=9, review_id=80))
act("dismiss review")(lambda: api.pulls.dismiss_review(pull_number=9, review_id=80, message="Outdated"))
act("line comment")(
    lambda: api.pulls.create_review_comment(
        pull_number=9, body="Here", commit_id=SHA, path="a.swift", line=4, side="RIGHT", start_line=2, start_side="RIGHT"
    )
)
act("reply")(lambda: pull().create_review_comment_reply(33, "Agreed"))

# Actions
act("workflows")(lambda: list(r.get_workflows()))
act("runs")(lambda: list(r.get_workflow_runs(branch="main", event="push", status="failure", actor="ada")))
act("runs of a workflow")(lambda: api.actions.list_workflow_runs(workflow_id="ci.yml", per_page=50))
act("jobs")(lambda: list(r.get_workflow_run(5).jobs("all")))
act("artifacts")(lambda: list(r.get_workflow_run(5).get_artifacts()))
act("run")(lambda: r.get_workflow_run(5).status)
act("run usage")(lambda: api.actions.get_workflow_run_usage(run_id=5))
act("workflow")(lambda: r.get_workflow("ci.yml").path)
act("job")(lambda: api.actions.get_job_for_workflow_run(job_id=6))
act("run workflow")(lambda: api.actions.create_workflow_dispatch(workflow_id="ci.yml", ref="main", inputs={"level": "debug"}))
act("rerun")(lambda: r.get_workflow_run(5).rerun())
act("rerun failed")(lambda: r.get_workflow_run(5).rerun_failed_jobs())
act("cancel")(lambda: r.get_workflow_run(5).cancel())
act("delete logs")(lambda: api.actions.delete_workflow_run_logs(run_id=5))

# Security
act("code scanning alerts")(lambda: list(r.get_codescan_alerts(tool_name="CodeQL", ref="refs/heads/main", state="open", severity="high")))
act("dependabot alerts")(lambda: list(r.get_dependabot_alerts(state="open", severity="critical", ecosystem="npm", package="left-pad")))
act("secret scanning alerts")(lambda: api.secret_scanning.list_alerts_for_repo(state="open", secret_type="pat", hide_secret=True, per_page=50))
act("alert")(lambda: api.dependabot.get_alert(alert_number=4))
act("dismiss alert")(
    lambda: api.dependabot.update_alert(alert_number=4, state="dismissed", dismissed_reason="tolerable_risk", dismissed_comment="Known")
)

# Notifications
act("advisories")(
    lambda: api.security_advisories.list_global_advisories(
        type="reviewed", severity="high", ecosystem="npm", affects="left-pad", cwes="79,284", is_withdrawn=False, sort="updated", per_page=50
    )
)
act("advisory")(lambda: api.security_advisories.get_global_advisory(ghsa_id="GHSA-xxxx-xxxx-xxxx"))
act("repository advisories")(
    lambda: api.security_advisories.list_repository_advisories(state="draft", sort="updated", direction="asc", per_page=50)
)
act("organization advisories")(lambda: api.security_advisories.list_org_repository_advisories(org="octo", state="published", per_page=50))
act("subscribe to notification")(lambda: api.activity.set_thread_subscription(thread_id="15", ignored=False))
act("ignore notification")(lambda: api.activity.set_thread_subscription(thread_id="15", ignored=True))
act("unsubscribe from notification")(lambda: api.activity.delete_thread_subscription(thread_id="15"))
act("watch repository")(lambda: api.activity.set_repo_subscription(subscribed=True, ignored=False))
act("ignore repository")(lambda: api.activity.set_repo_subscription(subscribed=False, ignored=True))
act("unwatch repository")(lambda: api.activity.delete_repo_subscription())
act("notifications")(lambda: list(g.get_user().get_notifications(all=True, participating=False, since=SINCE)))
act("notification")(lambda: g.get_user().get_notification("15"))
act("read notification")(lambda: api.activity.mark_thread_as_read(thread_id=15))
act("notification done")(lambda: api.activity.mark_thread_as_done(thread_id=15))
act("all read")(lambda: api.activity.mark_notifications_as_read(last_read_at="2026-11-01T00:00:00Z"))

acts.run()
