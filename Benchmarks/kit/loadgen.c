// Drives one MCP endpoint over N keep-alive connections, one request under way on each, and reports as JSON what
// the endpoint delivered and what its process tree spent. Every answer is checked: a fast wrong answer is a bad one.
//
//   loadgen --port 7311 --connections 16 --seconds 3 --era modern --tool u0__payload --arguments '{"size":1024}'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "http.h"
#include "mcp_request.h"
#include "process_tree.h"

enum { bad_limit = 200, read_room = 256 * 1024 };

static const uint64_t second = 1000000000u;
static const uint64_t silence_limit = 15 * second;

static struct {
  Target target;
  int connections;
  double warmup;
  double seconds;
  size_t min_bytes;
  size_t expected_tools;
  pid_t subject;
} options = {
    .target = {.port = 9001,
               .path = "/mcp",
               .modern = true,
               .method = "tools/call",
               .tool = "payload",
               .arguments = "{\"size\":1024}"},
    .connections = 1,
    .warmup = 1,
    .seconds = 3,
};

// Other processes of the same run (the upstream): what they use is not foreign load.
static pid_t ours[16];
static int ours_count;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * second + (uint64_t)time.tv_nsec;
}

static struct {
  bool measuring;
  uint32_t *latencies;  // nanoseconds
  size_t good;
  size_t capacity;
  size_t bad;
  size_t reconnects;
  uint64_t answered_at;
  Buffer first_bad;
} figures;

static void record_latency(uint64_t nanoseconds) {
  if (figures.good == figures.capacity) {
    figures.capacity = figures.capacity ? figures.capacity * 2 : 1 << 16;
    figures.latencies = realloc(figures.latencies, figures.capacity * sizeof *figures.latencies);
    if (!figures.latencies) exit(1);
  }
  figures.latencies[figures.good++] = nanoseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)nanoseconds;
}

static void record_bad(const char *reason, const Buffer *answer) {
  if (figures.bad++ > 0) return;
  buffer_format(&figures.first_bad, "%s: ", reason);
  buffer_append(&figures.first_bad, answer->bytes, answer->length < 600 ? answer->length : 600);
}

// What a connection is waiting for. Modern connections start at ANSWER.
typedef enum { INITIALIZED, ACKNOWLEDGED, ANSWER } Phase;

typedef struct {
  int socket;
  Phase phase;
  char session[4096];
  uint32_t id;
  uint64_t sent_at;
  bool tools_counted;
  Buffer request;  // the measured request, built once; the id is written over for each
  size_t id_offset;
  Buffer in;
} Connection;

static uint32_t next_id = FIRST_REQUEST_ID;
static int events;
static int working;  // connections past their handshake

// A request is far smaller than the socket's buffer and the only one under way: it goes out whole or not at all.
static void send_request(Connection *connection, const Buffer *request) {
  connection->sent_at = now();
  ssize_t sent = send(connection->socket, request->bytes, request->length, MSG_NOSIGNAL);
  if (sent != (ssize_t)request->length) record_bad("request not sent", &connection->in);
}

static void send_handshake(Connection *connection, const char *json) {
  Buffer request = {0};
  const char *session = connection->phase == INITIALIZED ? NULL : connection->session;
  request_handshake(&request, &options.target, session, json);
  send_request(connection, &request);
  free(request.bytes);
}

static void send_initialize(Connection *connection) {
  char json[256];
  connection->phase = INITIALIZED;
  connection->id = next_id++;
  request_initialize_json(json, sizeof json, connection->id);
  send_handshake(connection, json);
}

static void send_initialized(Connection *connection) {
  connection->phase = ACKNOWLEDGED;
  send_handshake(connection, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

static void send_measured(Connection *connection) {
  Buffer *request = &connection->request;
  if (!request->length) connection->id_offset = request_measured(request, &options.target, connection->session);
  connection->id = next_id++;
  request_write_id(request, connection->id_offset, connection->id);
  send_request(connection, request);
}

static void start_working(Connection *connection) {
  connection->phase = ANSWER;
  working++;
  send_measured(connection);
}

static void keep_session(Connection *connection, const HttpMessage *message) {
  const char *value;
  size_t length;
  if (!http_header(message, "mcp-session-id", &value, &length)) return;
  if (length >= sizeof connection->session) {
    record_bad("session id is too long", &connection->in);
    return;
  }
  memcpy(connection->session, value, length);
  connection->session[length] = 0;
}

static void take_answer(Connection *connection, HttpMessage *message) {
  uint64_t took = now() - connection->sent_at;
  // Tools are counted once for each connection: that costs more than the whole rest of a request.
  Expectation expected = {.id = connection->id,
                          .is_call = target_is_call(&options.target),
                          .min_bytes = options.min_bytes,
                          .tools = connection->tools_counted ? 0 : options.expected_tools};
  connection->tools_counted = true;

  const char *fault = answer_fault(message, &expected);
  if (fault) record_bad(fault, &connection->in);
  else if (figures.measuring) record_latency(took);
}

static void connect_to_subject(Connection *connection);

static void advance(Connection *connection, HttpMessage *message) {
  int status = http_status(message);
  Phase phase = connection->phase;
  figures.answered_at = now();
  if (phase == ANSWER) take_answer(connection, message);
  if (phase == INITIALIZED && status != 200) record_bad("initialize failed", &connection->in);
  if (phase == INITIALIZED) keep_session(connection, message);
  if (phase == ACKNOWLEDGED && status / 100 != 2) record_bad("initialized was refused", &connection->in);

  bool closes = http_header_equals(message, "connection", "close");
  buffer_drop_front(&connection->in, message->total_length);
  if (phase == ACKNOWLEDGED) {
    connection->phase = ANSWER;
    working++;
  }
  if (closes) connect_to_subject(connection);
  else if (phase == INITIALIZED) send_initialized(connection);
  else send_measured(connection);
}

static void connect_to_subject(Connection *connection) {
  if (connection->socket >= 0) {
    close(connection->socket);
    figures.reconnects++;
  }
  int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)options.target.port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address)) {
    fprintf(stderr, "loadgen: cannot connect to 127.0.0.1:%d: %s\n", options.target.port, strerror(errno));
    exit(1);
  }
  fcntl(connection->socket, F_SETFL, O_NONBLOCK);
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(events, EPOLL_CTL_ADD, connection->socket, &event);

  connection->in.length = 0;
  if (connection->phase == ANSWER) send_measured(connection);
  else if (options.target.modern) start_working(connection);
  else if (connection->session[0]) send_initialized(connection);
  else send_initialize(connection);
}

static void receive(Connection *connection) {
  Buffer *in = &connection->in;
  buffer_reserve(in, read_room);
  ssize_t count = recv(connection->socket, in->bytes + in->length, in->capacity - in->length, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    record_bad("connection closed before the answer", in);
    connect_to_subject(connection);
    return;
  }
  in->length += (size_t)count;

  HttpMessage message;
  HttpFraming framing = http_frame(in, &message);
  if (framing == HTTP_COMPLETE) advance(connection, &message);
  if (framing == HTTP_BROKEN) {
    record_bad("not HTTP", in);
    connect_to_subject(connection);
  }
}

static Connection *open_connections(void) {
  Connection *connections = calloc((size_t)options.connections, sizeof *connections);
  for (int i = 0; i < options.connections; i++) {
    connections[i].socket = -1;
    connect_to_subject(&connections[i]);
  }
  return connections;
}

static bool given_up(void) {
  if (figures.bad >= bad_limit) return true;
  if (now() - figures.answered_at < silence_limit) return false;
  record_bad("no answer for 15 s", &(Buffer){0});
  return true;
}

static void serve_events(void) {
  struct epoll_event ready[256];
  int count = epoll_wait(events, ready, 256, 20);
  for (int i = 0; i < count; i++) receive(ready[i].data.ptr);
}

static void run_for(double seconds) {
  uint64_t end = now() + (uint64_t)(seconds * (double)second);
  while (now() < end && !given_up()) serve_events();
}

static void run_until_all_work(void) {
  while (working < options.connections && !given_up()) serve_events();
}

// All CPU clocks that a window is made of, read together at its start and at its end.
typedef struct {
  uint64_t time;
  ProcessTreeUsage subject;
  double busy;
  double own;
} Reading;

static double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static Reading read_clocks(void) {
  Reading reading = {.time = now(), .busy = machine_busy_seconds(), .own = own_cpu_seconds()};
  if (options.subject) reading.subject = process_tree_usage(options.subject);
  for (int i = 0; i < ours_count; i++) reading.own += process_tree_usage(ours[i]).cpu_seconds;
  return reading;
}

static int by_value(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static double quantile_us(double share) {
  if (!figures.good) return 0;
  return figures.latencies[(size_t)(share * (double)(figures.good - 1))] / 1000.0;
}

static void print_json_string(const Buffer *text) {
  putchar('"');
  for (size_t i = 0; i < text->length; i++) {
    unsigned char byte = (unsigned char)text->bytes[i];
    if (byte == '"' || byte == '\\') printf("\\%c", byte);
    else if (byte == '\n') printf("\\n");
    else putchar(byte < 32 || byte > 126 ? '.' : byte);
  }
  putchar('"');
}

static void report(const Reading *start, const Reading *end) {
  double elapsed = (double)(end->time - start->time) / (double)second;
  double subject_cpu = end->subject.cpu_seconds - start->subject.cpu_seconds;
  double foreign = end->busy - start->busy - subject_cpu - (end->own - start->own);
  double requests = (double)figures.good;
  qsort(figures.latencies, figures.good, sizeof *figures.latencies, by_value);

  printf("{\"requests_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,", requests / elapsed, quantile_us(0.5),
         quantile_us(0.99));
  printf("\"cpu_us_per_request\":%.2f,", requests > 0 ? subject_cpu * 1e6 / requests : 0);
  printf("\"rss_mb\":%.1f,\"rss_anon_mb\":%.1f,", (double)end->subject.rss_kb / 1024,
         (double)end->subject.rss_anon_kb / 1024);
  printf("\"requests\":%zu,\"bad\":%zu,\"reconnects\":%zu,\"seconds\":%.2f,\"foreign_cores\":%.2f,\"first_bad\":",
         figures.good, figures.bad, figures.reconnects, elapsed, foreign / elapsed);
  print_json_string(&figures.first_bad);
  printf("}\n");
}

static const char usage[] =
    "usage: loadgen --port N [--path /mcp] [--connections N] [--warmup S] [--seconds S] [--era modern|legacy]\n"
    "               [--method M] [--tool NAME] [--arguments JSON] [--header 'Name: value']...\n"
    "               [--min-bytes N] [--expect-tools N] [--pid SUBJECT] [--ours PID]...\n";

static bool take_option(int option, char *value) {
  switch (option) {
    case 'p': options.target.port = atoi(value); return true;
    case 'u': options.target.path = value; return true;
    case 'c': options.connections = atoi(value); return options.connections > 0;
    case 'w': options.warmup = atof(value); return true;
    case 's': options.seconds = atof(value); return options.seconds > 0;
    case 'e':
      options.target.modern = strcmp(value, "modern") == 0;
      return options.target.modern || strcmp(value, "legacy") == 0;
    case 'm': options.target.method = value; return true;
    case 't': options.target.tool = value; return true;
    case 'a': options.target.arguments = value; return true;
    case 'h': buffer_format(&options.target.headers, "%s\r\n", value); return true;
    case 'b': options.min_bytes = strtoul(value, NULL, 10); return true;
    case 'n': options.expected_tools = strtoul(value, NULL, 10); return true;
    case 'i': options.subject = atoi(value); return true;
    case 'o': ours[ours_count++] = atoi(value); return ours_count < 16;
    default: return false;
  }
}

static bool parse_options(int argc, char **argv) {
  static const struct option names[] = {
      {"port", required_argument, NULL, 'p'},      {"path", required_argument, NULL, 'u'},
      {"connections", required_argument, NULL, 'c'}, {"warmup", required_argument, NULL, 'w'},
      {"seconds", required_argument, NULL, 's'},   {"era", required_argument, NULL, 'e'},
      {"method", required_argument, NULL, 'm'},    {"tool", required_argument, NULL, 't'},
      {"arguments", required_argument, NULL, 'a'}, {"header", required_argument, NULL, 'h'},
      {"min-bytes", required_argument, NULL, 'b'}, {"expect-tools", required_argument, NULL, 'n'},
      {"pid", required_argument, NULL, 'i'},       {"ours", required_argument, NULL, 'o'},
      {0},
  };
  int option;
  while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
    if (!take_option(option, optarg)) return false;
  }
  return true;
}

int main(int argc, char **argv) {
  if (!parse_options(argc, argv)) {
    fputs(usage, stderr);
    return 2;
  }
  events = epoll_create1(EPOLL_CLOEXEC);
  figures.answered_at = now();
  Connection *connections = open_connections();
  run_until_all_work();
  run_for(options.warmup);

  Reading start = read_clocks();
  figures.measuring = true;
  run_for(options.seconds);
  Reading end = read_clocks();
  report(&start, &end);
  free(connections);
  return 0;
}
