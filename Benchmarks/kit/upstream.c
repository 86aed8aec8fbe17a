// The MCP server behind every subject: one thread, epoll, HTTP/1.1 keep-alive, so cheap that it is not the figure.
// It listens on consecutive loopback ports; each port is a server of its own with the tools `echo`, `payload` and
// generic ones (mcp_server.c). It speaks 2025-11-25 with sessions and stateless 2026-07-28, and refuses what either
// forbids: a gateway that is fast because it leaves something out does not get an answer.
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
#include "mcp_server.h"

enum { read_room = 16 * 1024 };

static volatile sig_atomic_t stopping;

typedef struct {
  int socket;
  int server;
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
    connection->server = listener->server;
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
    mcp_server_answer(&message, connection->server, &connection->out);
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

static void listen_on(int port, int server) {
  int on = 1;
  Connection *connection = calloc(1, sizeof *connection);
  connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  connection->server = server;
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
  if (listeners < 1 || listeners > server_limit || tools < 2) {
    fprintf(stderr, "upstream: 1 to %d listeners and at least 2 tools\n", server_limit);
    return 2;
  }

  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  events = epoll_create1(EPOLL_CLOEXEC);
  mcp_server_prepare(listeners, tools);
  for (int server = 0; server < listeners; server++) listen_on(port + server, server);
  run();
  return 0;
}
