// The MCP server behind every subject: one thread, epoll, HTTP/1.1 keep-alive, so cheap that it is not the figure.
// It listens on consecutive loopback ports; each port is a server of its own with the tools `echo`, `payload` and
// generic ones. It speaks 2025-11-25 with sessions and stateless 2026-07-28, and refuses what either forbids: a
// gateway that is fast because it leaves something out does not get an answer.
//
//   upstream [--port 9001] [--listeners 10] [--tools 50]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "json.h"

enum { payload_limit = 1 << 20, listener_limit = 64, read_room = 16 * 1024 };

#define MODERN_VERSION "2026-07-28"
#define LEGACY_VERSION "2025-11-25"

static Buffer tool_lists[listener_limit];
static char *payload_text;
static unsigned long sessions_started;
static volatile sig_atomic_t stopping;

// MARK: Answers

typedef struct {
  const HttpMessage *http;
  JsonSlice id;
  JsonSlice method;
  JsonSlice params;
  bool modern;
  int listener;
} Request;

static void add_slice(Buffer *out, JsonSlice slice) { buffer_append(out, slice.start, (size_t)(slice.end - slice.start)); }

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
  buffer_append(out, tool_lists[request->listener].bytes, tool_lists[request->listener].length);
  add_cache_hints(request, out);
}

static void add_empty_list(const Request *request, Buffer *out, const char *name) {
  buffer_format(out, "\"%s\":[]", name);
  add_cache_hints(request, out);
}

static void add_resource_list(const Request *request, Buffer *out) { add_empty_list(request, out, "resources"); }
static void add_template_list(const Request *request, Buffer *out) { add_empty_list(request, out, "resourceTemplates"); }
static void add_prompt_list(const Request *request, Buffer *out) { add_empty_list(request, out, "prompts"); }

static void add_discovery(const Request *request, Buffer *out) {
  buffer_format(out,
                "\"supportedVersions\":[\"" MODERN_VERSION "\"],\"capabilities\":{\"tools\":{}},"
                "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"bench-%d\",\"version\":\"1\"}}",
                request->listener);
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
                request->listener);
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

// MARK: One message

static void add_response(Buffer *out, const char *status, const char *headers, const Buffer *body) {
  buffer_format(out, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, body ? body->length : 0);
  if (body) buffer_append(out, body->bytes, body->length);
}

#define JSON_TYPE "Content-Type: application/json\r\n"

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

static void answer_post(const HttpMessage *http, int listener, Buffer *out) {
  JsonSlice message = {http->body, http->body + http->body_length};
  Request request = {.http = http, .listener = listener};
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

static void answer(const HttpMessage *http, int listener, Buffer *out) {
  if (strncmp(http->head, "POST ", 5) == 0) answer_post(http, listener, out);
  else if (strncmp(http->head, "DELETE ", 7) == 0) add_response(out, "200 OK", "", NULL);
  else add_response(out, "405 Method Not Allowed", "Allow: POST, DELETE\r\n", NULL);
}

// MARK: Connections

typedef struct {
  int socket;
  int listener;
  bool is_listener;
  bool waits_for_room;
  Buffer in;
  Buffer out;
  size_t sent;
} Connection;

static int events;

static void watch(Connection *connection, int operation, uint32_t interest) {
  struct epoll_event event = {.events = interest, .data.ptr = connection};
  epoll_ctl(events, operation, connection->socket, &event);
}

static void close_connection(Connection *connection) {
  close(connection->socket);
  free(connection->in.bytes);
  free(connection->out.bytes);
  free(connection);
}

static void accept_all(const Connection *listener) {
  int socket, on = 1;
  while ((socket = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Connection *connection = calloc(1, sizeof *connection);
    connection->socket = socket;
    connection->listener = listener->listener;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static bool send_pending(Connection *connection) {
  while (connection->sent < connection->out.length) {
    ssize_t count = send(connection->socket, connection->out.bytes + connection->sent,
                         connection->out.length - connection->sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return false;
    if (count < 0) {
      if (!connection->waits_for_room) watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      connection->waits_for_room = true;
      return true;
    }
    connection->sent += (size_t)count;
  }
  connection->sent = connection->out.length = 0;
  if (connection->waits_for_room) watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  connection->waits_for_room = false;
  return true;
}

static bool answer_received(Connection *connection) {
  HttpMessage message;
  while (connection->in.length > 0) {
    HttpFraming framing = http_frame(&connection->in, &message);
    if (framing == HTTP_BROKEN) return false;
    if (framing == HTTP_PARTIAL) return true;
    answer(&message, connection->listener, &connection->out);
    buffer_drop_front(&connection->in, message.total_length);
  }
  return true;
}

static bool receive(Connection *connection) {
  Buffer *in = &connection->in;
  buffer_reserve(in, read_room);
  ssize_t count = recv(connection->socket, in->bytes + in->length, in->capacity - in->length, 0);
  if (count < 0) return errno == EAGAIN;
  if (count == 0) return false;
  in->length += (size_t)count;
  return answer_received(connection);
}

static void handle_event(const struct epoll_event *event) {
  Connection *connection = event->data.ptr;
  if (connection->is_listener) {
    accept_all(connection);
    return;
  }
  bool alive = true;
  if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) alive = receive(connection);
  if (alive) alive = send_pending(connection);
  if (!alive) close_connection(connection);
}

// MARK: Start

static void add_generic_tool(Buffer *list, int listener, int number) {
  buffer_format(list,
                ",{\"name\":\"report_%03d\",\"description\":\"Report %d of server %d: looks up one item in a period "
                "and returns what is known of it, newest first.\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
                "{\"text\":{\"type\":\"string\",\"description\":\"the item\"},\"limit\":{\"type\":\"integer\","
                "\"minimum\":1,\"maximum\":100}},\"required\":[\"text\"]}}",
                number, number, listener);
}

static void make_tool_list(Buffer *list, int listener, int tools) {
  buffer_text(list,
              "[{\"name\":\"echo\",\"description\":\"Returns the text it is given.\",\"inputSchema\":{\"type\":"
              "\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]}}");
  buffer_text(list,
              ",{\"name\":\"payload\",\"description\":\"Returns that many bytes of text.\",\"inputSchema\":{\"type\":"
              "\"object\",\"properties\":{\"size\":{\"type\":\"integer\"}},\"required\":[\"size\"]}}");
  for (int number = 2; number < tools; number++) add_generic_tool(list, listener, number);
  buffer_text(list, "]");
}

// Business prose with numbers in it but nothing personal: a screening subject has to look at every byte, numbers
// included, and still has nothing to mask.
static void make_payload_text(void) {
  static const char prose[] = "Account 20417 in the northern region grew 12.5 percent to 48210 after the 2026 review; ";
  payload_text = malloc(payload_limit);
  for (int i = 0; i < payload_limit; i++) payload_text[i] = prose[i % (int)(sizeof prose - 1)];
}

static void listen_on(int port, int listener) {
  int on = 1;
  Connection *connection = calloc(1, sizeof *connection);
  connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  connection->listener = listener;
  connection->is_listener = true;
  setsockopt(connection->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);

  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(connection->socket, (struct sockaddr *)&address, sizeof address) || listen(connection->socket, 4096)) {
    fprintf(stderr, "upstream: cannot listen on 127.0.0.1:%d: %s\n", port, strerror(errno));
    exit(1);
  }
  watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

static void stop(int signal) {
  (void)signal;
  stopping = 1;
}

static void run(void) {
  struct epoll_event ready[256];
  while (!stopping) {
    int count = epoll_wait(events, ready, 256, -1);
    for (int i = 0; i < count; i++) handle_event(&ready[i]);
  }
}

int main(int argc, char **argv) {
  int port = 9001, listeners = 10, tools = 50, option;
  static const struct option options[] = {
      {"port", required_argument, NULL, 'p'},
      {"listeners", required_argument, NULL, 'n'},
      {"tools", required_argument, NULL, 't'},
      {0},
  };
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    switch (option) {
      case 'p': port = atoi(optarg); break;
      case 'n': listeners = atoi(optarg); break;
      case 't': tools = atoi(optarg); break;
      default: fprintf(stderr, "usage: upstream [--port N] [--listeners N] [--tools N]\n"); return 2;
    }
  }
  if (listeners < 1 || listeners > listener_limit || tools < 2) {
    fprintf(stderr, "upstream: 1 to %d listeners and at least 2 tools\n", listener_limit);
    return 2;
  }

  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  events = epoll_create1(EPOLL_CLOEXEC);
  make_payload_text();
  for (int listener = 0; listener < listeners; listener++) {
    make_tool_list(&tool_lists[listener], listener, tools);
    listen_on(port + listener, listener);
  }
  run();
  return 0;
}
