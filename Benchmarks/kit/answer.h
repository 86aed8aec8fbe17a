// Whether an HTTP response is the answer that a request should have got.
#ifndef KIT_ANSWER_H
#define KIT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

typedef struct {
  uint32_t id;
  bool is_call;
  size_t min_bytes;
  size_t tools;  // 0: not counted. Counting reads every byte of the list.
} Expectation;

// What is wrong with it, or NULL: status 200, JSON or an event stream, the request's id, a result and no error,
// not isError. An event stream is joined in place.
const char *answer_fault(HttpMessage *message, const Expectation *expected);

#endif
