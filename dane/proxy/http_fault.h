/* http_fault.h: what can be wrong with HTTP/1.1 from a browser or a device, one word each (RFC
 * 9112).
 *
 * Both sides of the proxy are hostile: what one side would read otherwise than the other is how a
 * request is smuggled past the guard. So whatever has two readings is refused, by name.
 */
#ifndef HEARTH_DANE_PROXY_HTTP_FAULT_H
#define HEARTH_DANE_PROXY_HTTP_FAULT_H

#define HTTP_FAULT_LIST(X)                                                                         \
    X(NONE, "nothing is wrong")                                                                    \
    X(PARTIAL, "there is more to come")                                                            \
    X(HEAD_TOO_LONG, "the head is longer than 32 KiB")                                             \
    X(TOO_MANY_FIELDS, "the head has more than 100 fields")                                        \
    X(LINE_END, "a line does not end with CR LF")                                                  \
    X(START_LINE, "the first line is none of HTTP/1.1")                                            \
    X(VERSION, "the version is neither HTTP/1.0 nor HTTP/1.1")                                     \
    X(METHOD, "the method is no token")                                                            \
    X(TARGET, "the target is no path")                                                             \
    X(STATUS, "the status is not between 100 and 599")                                             \
    X(FOLDED, "a field goes on in the next line")                                                  \
    X(FIELD_NAME, "the name of a field is no token")                                               \
    X(FIELD_VALUE, "the value of a field has a control character")                                 \
    X(HOST, "there is no Host, or more than one")                                                  \
    X(CONNECTION, "Connection names a field that is meant for the other end")                      \
    X(LENGTH, "Content-Length is no number")                                                       \
    X(LENGTHS, "there is more than one Content-Length")                                            \
    X(LENGTH_AND_CODING, "there are Content-Length and Transfer-Encoding")                         \
    X(CODING, "Transfer-Encoding is something else than chunked")                                  \
    X(SWITCH, "it switches to a protocol that was not asked for")                                  \
    X(CHUNK, "a chunk's size, or what follows it, is not as it must be")                           \
    X(TRAILER, "the trailer is too long or malformed")

enum http_fault {
#define HTTP_FAULT_ENUM(name, text) HTTP_FAULT_##name,
    HTTP_FAULT_LIST(HTTP_FAULT_ENUM)
#undef HTTP_FAULT_ENUM
        HTTP_FAULT_COUNT
};

/* A clause for people. Never NULL. */
const char *http_fault_text(enum http_fault fault);

#endif
