// What the upstream's servers answer: both eras, a list of tools, `echo` and `payload`.
#ifndef KIT_MCP_SERVER_H
#define KIT_MCP_SERVER_H

#include "http.h"

enum { server_limit = 64 };

// Makes the texts that answers are copied from; once, before the first answer.
void mcp_server_prepare(int servers, int tools);

// Appends the response to one HTTP request that server number `server` received.
void mcp_server_answer(const HttpMessage *http, int server, Buffer *out);

#endif
