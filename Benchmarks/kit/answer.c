#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

// Joins the data lines of an event stream's last event in place: the response ends the stream, notifications
// may come before it.
static JsonSlice last_event(HttpMessage *message) {
  char *out = message->body, *end = message->body + message->body_length;
  size_t joined = 0;
  bool event_ended = true;
  for (char *line = message->body; line < end;) {
    char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (!line_end) line_end = end;
    if (line == line_end || *line == '\r') event_ended = true;
    if (line_end - line > 5 && memcmp(line, "data:", 5) == 0) {
      if (event_ended) joined = 0;
      event_ended = false;
      memmove(out + joined, line + 5, (size_t)(line_end - line - 5));
      joined += (size_t)(line_end - line - 5);
    }
    line = line_end + 1;
  }
  return (JsonSlice){out, out + joined};
}

static bool is_id(const char *value, const char *end, uint32_t id) {
  char digits[16];
  int length = snprintf(digits, sizeof digits, "%u", id);
  return end - value > length && memcmp(value, digits, (size_t)length) == 0 && strchr(",} \r\n", value[length]);
}

// Finds the result; the walk ends as soon as id and result are seen, which for usual member orders is before the
// result has to be skipped. Returns the fault, or NULL.
static const char *find_result(JsonSlice message, uint32_t id, const char **result) {
  JsonCursor members = json_members(message);
  JsonSlice name;
  const char *value;
  bool id_matches = false;
  *result = NULL;
  while (!(id_matches && *result) && json_next(&members, &name, &value)) {
    if (json_equals(name, "error")) return "JSON-RPC error";
    if (json_equals(name, "result")) *result = value;
    if (!json_equals(name, "id")) continue;
    if (!is_id(value, message.end, id)) return "wrong id";
    id_matches = true;
  }
  if (!id_matches) return "no id";
  return *result ? NULL : "no result";
}

static const char *check_call(JsonSlice result) {
  JsonSlice is_error;
  if (!json_member(result, "isError", &is_error)) return NULL;
  return json_equals(is_error, "true") ? "isError" : NULL;
}

static const char *check_list(JsonSlice result, size_t expected_tools) {
  JsonSlice tools;
  if (!expected_tools) return NULL;
  if (!json_member(result, "tools", &tools)) return "no tools";
  return json_count(tools) == expected_tools ? NULL : "wrong number of tools";
}

const char *answer_fault(HttpMessage *message, const Expectation *expected) {
  if (http_status(message) != 200) return "status is not 200";
  if (message->body_length < expected->min_bytes) return "answer is too short";
  JsonSlice json = {message->body, message->body + message->body_length};
  if (http_header_contains(message, "content-type", "text/event-stream")) json = last_event(message);

  const char *start;
  const char *fault = find_result(json, expected->id, &start);
  if (fault) return fault;
  JsonSlice result = {start, json.end};
  return expected->is_call ? check_call(result) : check_list(result, expected->tools);
}
