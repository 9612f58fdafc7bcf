/*
 * HTTP as provisioning devices on an IP network speak it: POST, one socket that stays open, one
 * cookie that is the session.
 *
 * A device refuses by closing the socket without an answer. So no request is ever sent twice: a
 * second one would be a repeated message of the security layer. (Libraries made for the web repeat
 * a request whose kept socket closed.)
 */
#ifndef TROTH_TOOLS_HTTP_H
#define TROTH_TOOLS_HTTP_H

#include "espressif.h"

/* HOST, HOST:PORT, [ADDRESS]:PORT; port 80. False: `why` is a sentence. */
bool http_parse(const char *where, char *why, size_t cap);
/* To where http_parse said. One device, one session. */
const struct protocomm_way *http_way(void);
void http_close(void);

#endif
