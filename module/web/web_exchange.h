/* Internal to web: one request and its response over libfcgi. */
#pragma once
#include "web_server.h"
#include <fcgiapp.h>

/* Read the accepted request, have it answered, send. True when the stream is in order, so that the
 * connection may be kept. The arena is reset. */
bool web_exchange(const struct web_server *server, FCGX_Request *fcgi, struct arena *a);
