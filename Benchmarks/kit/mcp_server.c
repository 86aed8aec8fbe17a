#include "mcp_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define MODERN_VERSION "2026-07-28"
#define LEGACY_VERSION "2025-11-25"
#define JSON_TYPE "Content-Type: application/json\r\n"

enum { payload_limit = 1 << 20 };

static Buffer tool_lists[server_limit];
static char *payload_text;
static unsigned long sessions_started;

typedef struct {
  const HttpMessage *http;
  JsonSlice id;
  JsonSlice method;
  JsonSlice params;
  bool modern;
  int server;
} Request;

static void add_slice(Buffer *out, JsonSlice slice) {
  buffer_append(out, slice.start, (size_t)(slice.end - slice.start));
}

static void add_cache_hints(const Request *request, Buffer *out) {
  if (request->modern) buffer_text(out, ",\"ttlMs\":60000,\"cacheScope\":\"public\"");
}

static long payload_size(JsonSlice arguments) {
  JsonSlice size;
  if (!json_member(arguments, "size", &size)) return 1024;
  long bytes = strtol(size.start, NULL, 10);
  return bytes < 0 ? 0 : bytes > payload_limit ? payload_limit : bytes;
}

static void add_call_result(const Request *request, Buffer *out) {
  JsonSlice name = {0}, arguments = {0}, text;
  json_member(request->params, "name", &name);
  json_member(request->params, "arguments", &arguments);

  buffer_text(out, "\"content\":[{\"type\":\"text\",\"text\":");
  if (json_string_equals(name, "payload")) {
    buffer_text(out, "\"");
    buffer_append(out, payload_text, (size_t)payload_size(arguments));
    buffer_text(out, "\"");
  } else if (json_member(arguments, "text", &text) && *text.start == '"') {
    add_slice(out, text);
  } else {
    buffer_text(out, "\"\"");
  }
  buffer_text(out, "}],\"isError\":false");
}

static void add_tool_list(const Request *request, Buffer *out) {
  buffer_text(out, "\"tools\":");
  buffer_append(out, tool_lists[request->server].bytes, tool_lists[request->server].length);
  add_cache_hints(request, out);
}

static void add_empty_list(const Request *request, Buffer *out, const char *name) {
  buffer_format(out, "\"%s\":[]", name);
  add_cache_hints(request, out);
}

static void add_resource_list(const Request *request, Buffer *out) { add_empty_list(request, out, "resources"); }
static void add_template_list(const Request *request, Buffer *out) {
  add_empty_list(request, out, "resourceTemplates");
}
static void add_prompt_list(const Request *request, Buffer *out) { add_empty_list(request, out, "prompts"); }

static void add_discovery(const Request *request, Buffer *out) {
  buffer_format(out,
                "\"supportedVersions\":[\"" MODERN_VERSION "\"],\"capabilities\":{\"tools\":{}},"
                "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"bench-%d\",\"version\":\"1\"}}",
                request->server);
  add_cache_hints(request, out);
}

static bool is_legacy_version(JsonSlice version) {
  return json_string_equals(version, "2025-06-18") || json_string_equals(version, "2025-03-26") ||
         json_string_equals(version, "2024-11-05");
}

static void add_initialization(const Request *request, Buffer *out) {
  JsonSlice version;
  buffer_text(out, "\"protocolVersion\":");
  if (json_member(request->params, "protocolVersion", &version) && is_legacy_version(version)) {
    add_slice(out, version);
  } else {
    buffer_text(out, "\"" LEGACY_VERSION "\"");
  }
  buffer_format(out, ",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"bench-%d\",\"version\":\"1\"}",
                request->server);
}

static void add_nothing(const Request *request, Buffer *out) {
  (void)request;
  (void)out;
}

typedef struct {
  const char *name;
  void (*add_result)(const Request *request, Buffer *out);
} Method;

static const Method methods[] = {
    {"tools/call", add_call_result},
    {"tools/list", add_tool_list},
    {"initialize", add_initialization},
    {"server/discover", add_discovery},
    {"ping", add_nothing},
    {"resources/list", add_resource_list},
    {"resources/templates/list", add_template_list},
    {"prompts/list", add_prompt_list},
};

static const Method *find_method(JsonSlice name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (json_string_equals(name, methods[i].name)) return &methods[i];
  }
  return NULL;
}

static void add_response(Buffer *out, const char *status, const char *headers, const Buffer *body) {
  buffer_format(out, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, body ? body->length : 0);
  if (body) buffer_append(out, body->bytes, body->length);
}

static void add_error(Buffer *out, const char *status, JsonSlice id, int code, const char *message) {
  Buffer body = {0};
  buffer_text(&body, "{\"jsonrpc\":\"2.0\",\"id\":");
  if (id.start) add_slice(&body, id);
  else buffer_text(&body, "null");
  buffer_format(&body, ",\"error\":{\"code\":%d,\"message\":\"%s\"}}", code, message);
  add_response(out, status, JSON_TYPE, &body);
  free(body.bytes);
}

static bool header_repeats(const HttpMessage *http, const char *name, JsonSlice string) {
  const char *value;
  size_t length;
  if (!http_header(http, name, &value, &length) || string.end - string.start != (ptrdiff_t)length + 2) return false;
  return memcmp(value, string.start + 1, length) == 0;
}

static const char *broken_modern_rule(const Request *request) {
  JsonSlice meta, name;
  if (!header_repeats(request->http, "mcp-method", request->method)) return "Mcp-Method does not repeat the method";
  if (!json_member(request->params, "_meta", &meta)) return "params._meta is missing";
  if (!json_string_equals(request->method, "tools/call")) return NULL;
  bool named = json_member(request->params, "name", &name) && header_repeats(request->http, "mcp-name", name);
  return named ? NULL : "Mcp-Name does not repeat the tool's name";
}

static const char *broken_legacy_rule(const Request *request) {
  const char *value;
  size_t length;
  if (json_string_equals(request->method, "initialize")) return NULL;
  return http_header(request->http, "mcp-session-id", &value, &length) ? NULL : "Mcp-Session-Id is missing";
}

static void answer_request(const Request *request, const Method *method, Buffer *out) {
  static Buffer body;  // kept between requests: one thread, and an allocation less for each
  body.length = 0;
  buffer_text(&body, "{\"jsonrpc\":\"2.0\",\"id\":");
  add_slice(&body, request->id);
  buffer_text(&body, ",\"result\":{");
  if (request->modern) buffer_text(&body, "\"resultType\":\"complete\"");
  if (request->modern && method->add_result != add_nothing) buffer_text(&body, ",");
  method->add_result(request, &body);
  buffer_text(&body, "}}");

  char headers[128] = JSON_TYPE;
  if (method->add_result == add_initialization) {
    snprintf(headers, sizeof headers, JSON_TYPE "Mcp-Session-Id: %032lx\r\n", ++sessions_started);
  }
  add_response(out, "200 OK", headers, &body);
}

static void answer_post(const HttpMessage *http, int server, Buffer *out) {
  JsonSlice message = {http->body, http->body + http->body_length};
  Request request = {.http = http, .server = server};
  if (!json_member(message, "method", &request.method)) {
    add_error(out, "400 Bad Request", (JsonSlice){0}, -32600, "not a JSON-RPC request");
    return;
  }
  bool is_notification = !json_member(message, "id", &request.id);
  json_member(message, "params", &request.params);
  request.modern = http_header_equals(http, "mcp-protocol-version", MODERN_VERSION) ||
                   json_string_equals(request.method, "server/discover");

  const char *broken = NULL;
  if (!request.modern) broken = broken_legacy_rule(&request);
  else if (!is_notification) broken = broken_modern_rule(&request);
  if (broken) {
    add_error(out, "400 Bad Request", request.id, request.modern ? -32020 : -32600, broken);
    return;
  }
  if (is_notification) {
    add_response(out, "202 Accepted", "", NULL);
    return;
  }
  const Method *method = find_method(request.method);
  if (method) answer_request(&request, method, out);
  else add_error(out, request.modern ? "404 Not Found" : "200 OK", request.id, -32601, "method not found");
}

void mcp_server_answer(const HttpMessage *http, int server, Buffer *out) {
  if (strncmp(http->head, "POST ", 5) == 0) answer_post(http, server, out);
  else if (strncmp(http->head, "DELETE ", 7) == 0) add_response(out, "200 OK", "", NULL);
  else add_response(out, "405 Method Not Allowed", "Allow: POST, DELETE\r\n", NULL);
}

static void add_generic_tool(Buffer *list, int server, int number) {
  buffer_format(list,
                ",{\"name\":\"report_%03d\",\"description\":\"Report %d of server %d: looks up one item in a period "
                "and returns what is known of it, newest first.\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
                "{\"text\":{\"type\":\"string\",\"description\":\"the item\"},\"limit\":{\"type\":\"integer\","
                "\"minimum\":1,\"maximum\":100}},\"required\":[\"text\"]}}",
                number, number, server);
}

static void make_tool_list(Buffer *list, int server, int tools) {
  buffer_text(list,
              "[{\"name\":\"echo\",\"description\":\"Returns the text it is given.\",\"inputSchema\":{\"type\":"
              "\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]}}");
  buffer_text(list,
              ",{\"name\":\"payload\",\"description\":\"Returns that many bytes of text.\",\"inputSchema\":{\"type\":"
              "\"object\",\"properties\":{\"size\":{\"type\":\"integer\"}},\"required\":[\"size\"]}}");
  for (int number = 2; number < tools; number++) add_generic_tool(list, server, number);
  buffer_text(list, "]");
}

// Business prose with numbers in it but nothing personal: a screening subject has to look at every byte, numbers
// included, and still has nothing to mask.
static void make_payload_text(void) {
  static const char prose[] = "Account 20417 in the northern region grew 12.5 percent to 48210 after the 2026 review; ";
  payload_text = malloc(payload_limit);
  for (int i = 0; i < payload_limit; i++) payload_text[i] = prose[i % (int)(sizeof prose - 1)];
}

void mcp_server_prepare(int servers, int tools) {
  make_payload_text();
  for (int server = 0; server < servers; server++) make_tool_list(&tool_lists[server], server, tools);
}
