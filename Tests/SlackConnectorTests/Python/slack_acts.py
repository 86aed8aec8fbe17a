"""slack_sdk doing what the tools of the connector do."""

from acts import URL, act, run
from slack_sdk import WebClient

C = "C0GENERAL"
TS = "1503435956.000247"


@act("get_workspace")
def _(c):
    c.auth_test()
    c.team_info()


@act("list_channels")
def _(c):
    c.conversations_list(types="public_channel,private_channel", exclude_archived=True, limit=20)


@act("list_channels mine")
def _(c):
    c.users_conversations(types="public_channel", exclude_archived=False, limit=100)


@act("get_channel")
def _(c):
    c.conversations_info(channel=C, include_num_members=True)


@act("list_channel_members")
def _(c):
    c.conversations_members(channel=C, limit=30)


@act("get_channel_history")
def _(c):
    c.conversations_history(channel=C, oldest="1785196800", latest="1795990000.000100", limit=30)


@act("get_thread")
def _(c):
    c.conversations_replies(channel=C, ts=TS, limit=50)


@act("get_permalink")
def _(c):
    c.chat_getPermalink(channel=C, message_ts=TS)


@act("get_reactions")
def _(c):
    c.reactions_get(channel=C, timestamp=TS, full=True)


@act("list_pins")
def _(c):
    c.pins_list(channel=C)


@act("list_bookmarks")
def _(c):
    c.bookmarks_list(channel_id=C)


@act("list_users")
def _(c):
    c.users_list(limit=50)


@act("get_user")
def _(c):
    c.users_info(user="U0PERSON1")
    c.users_profile_get(user="U0PERSON1", include_labels=True)


@act("find_user")
def _(c):
    c.users_lookupByEmail(email="ada+x@example.com")


@act("search_users")
def _(c):
    c.users_list(limit=200)


@act("list_unread")
def _(c):
    c.users_conversations(types="public_channel,private_channel,mpim,im", exclude_archived=True, limit=5)
    c.conversations_info(channel="C00000000", include_num_members=True)


@act("list_user_groups")
def _(c):
    c.usergroups_list(include_count=True)


@act("list_user_group_members")
def _(c):
    c.usergroups_users_list(usergroup="S0GROUP12")


@act("search_messages")
def _(c):
    c.assistant_search_context(
        query='in:#general "quarterly plan"', content_types=["messages"],
        channel_types=["public_channel", "private_channel", "mpim", "im"], limit=20, sort="timestamp")


@act("search_files")
def _(c):
    c.assistant_search_context(
        query="plan & budget", content_types=["files"], channel_types=["public_channel", "private_channel", "mpim", "im"], limit=10)


@act("search_messages narrowed")
def _(c):
    c.assistant_search_context(
        query='in:<#C0GENERAL> from:<@U0PERSON1> after:2026-07-28 before:2026-08-15 has:link has:file has::eyes: -is:thread "quarterly plan"',
        content_types=["messages"], channel_types=["public_channel", "private_channel", "mpim", "im"], limit=20, sort="score")


@act("search_files narrowed")
def _(c):
    c.assistant_search_context(
        query="from:@ada.l", content_types=["files"], channel_types=["public_channel", "private_channel", "mpim", "im"], limit=20, sort="timestamp")


@act("list_files")
def _(c):
    c.files_list(channel=C, user="U0PERSON1", ts_from="1785196800", types="images,pdfs", count=50, page=1, show_files_hidden_by_limit=True)


@act("get_file")
def _(c):
    c.files_info(file="F0FILE1234")


@act("find_canvas_sections")
def _(c):
    c.canvases_sections_lookup(canvas_id="F0CANVAS12", criteria={"contains_text": "Plan"})


@act("post_message")
def _(c):
    c.chat_postMessage(
        channel=C, markdown_text="**Hello** <all> & more", thread_ts=TS, reply_broadcast=True, unfurl_links=False, unfurl_media=False)


@act("post_message direct")
def _(c):
    channel = c.conversations_open(users="U0PERSON1")["channel"]["id"]
    c.chat_postMessage(channel=channel, markdown_text="Hello")


@act("update_message")
def _(c):
    c.chat_update(channel=C, ts=TS, markdown_text="Better")


@act("delete_message")
def _(c):
    c.chat_delete(channel=C, ts=TS)


@act("schedule_message")
def _(c):
    c.chat_scheduleMessage(channel=C, markdown_text="Later", post_at=1796115600)


@act("list_scheduled_messages")
def _(c):
    c.chat_scheduledMessages_list(channel=C, oldest="1796083200", latest="1796199999", limit=20)


@act("cancel_scheduled_message")
def _(c):
    c.chat_deleteScheduledMessage(channel=C, scheduled_message_id="Q1234ABCD")


@act("pin_message")
def _(c):
    c.pins_add(channel=C, timestamp=TS)


@act("add_reaction")
def _(c):
    c.reactions_add(channel=C, timestamp=TS, name="thumbsup")


@act("remove_reaction")
def _(c):
    c.reactions_remove(channel=C, timestamp=TS, name="thumbsup")


@act("upload_file")
def _(c):
    place = c.files_getUploadURLExternal(filename="notes.md", length=5)
    # As files_upload_v2 sends it.
    c._upload_file(url=place["upload_url"], data=b"hello", logger=c._logger, timeout=c.timeout, proxy=None, ssl=None)
    c.files_completeUploadExternal(files=[{"id": place["file_id"], "title": "Notes"}], channel_id=C, initial_comment="Here")


@act("create_canvas")
def _(c):
    c.canvases_create(title="Plan", document_content={"type": "markdown", "markdown": "# Plan"})


@act("create_canvas channel")
def _(c):
    c.conversations_canvases_create(channel_id=C, document_content={"type": "markdown", "markdown": "# Plan"})


@act("edit_canvas")
def _(c):
    c.canvases_edit(
        canvas_id="F0CANVAS12", changes=[{"operation": "insert_at_end", "document_content": {"type": "markdown", "markdown": "more"}}])


@act("create_channel")
def _(c):
    c.conversations_create(name="new-things", is_private=True)


@act("invite_to_channel")
def _(c):
    c.conversations_invite(channel=C, users=["U0PERSON1", "U0PERSON2"])


@act("set_channel_topic")
def _(c):
    c.conversations_setTopic(channel=C, topic="New")


@act("join_channel")
def _(c):
    c.conversations_join(channel=C)


@act("mark_read")
def _(c):
    c.conversations_mark(channel=C, ts=TS)


@act("create_user_group")
def _(c):
    c.usergroups_create(name="On call", handle="on-call", description="Who is called")


@act("update_user_group")
def _(c):
    c.usergroups_update(usergroup="S0GROUP12", name="Called", handle="called")


@act("set_user_group_members")
def _(c):
    c.usergroups_users_update(usergroup="S0GROUP12", users=["U0PERSON1", "U0PERSON2"])


@act("remove_from_channel")
def _(c):
    c.conversations_kick(channel=C, user="U0PERSON1")


@act("set_channel_purpose")
def _(c):
    c.conversations_setPurpose(channel=C, purpose="All & everything")


@act("rename_channel")
def _(c):
    c.conversations_rename(channel=C, name="everyone")


@act("archive_channel")
def _(c):
    c.conversations_archive(channel=C)


@act("leave_channel")
def _(c):
    c.conversations_leave(channel=C)


run(WebClient(token="xoxb-the-token-of-the-app", base_url=URL + "/api/"))
