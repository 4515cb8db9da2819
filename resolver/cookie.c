/* cookie.c: see cookie.h. */
#include "resolver/cookie.h"

#include "ledger/base/checksum.h"
#include "ledger/base/writer.h"

enum { COOKIE_VERSION = 1, COOKIE_HASHED = COOKIE_CLIENT_SIZE + 8 + 16 };

void cookie_make(const uint8_t key[static COOKIE_KEY_SIZE],
                 const uint8_t client[static COOKIE_CLIENT_SIZE], const struct address *peer,
                 uint32_t now_s, uint8_t out[static REPLY_SERVER_COOKIE_SIZE])
{
    uint8_t hashed[COOKIE_HASHED];
    struct writer w = writer_over(out, REPLY_SERVER_COOKIE_SIZE);
    writer_u32(&w, (uint32_t)COOKIE_VERSION << 24); /* and three reserved octets */
    writer_u32(&w, now_s);
    struct writer h = writer_over(hashed, sizeof hashed);
    writer_bytes(&h, client, COOKIE_CLIENT_SIZE);
    writer_bytes(&h, out, 8);
    writer_bytes(&h, peer->octets, sizeof peer->octets);
    writer_u64(&w, siphash13(key, hashed, sizeof hashed));
}
