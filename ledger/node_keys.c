/* node_keys.c: see node_keys.h.
 *
 * The happy path of a start: both files are there, are ours alone, and have the form. A file that is
 * not as it should be stops the start: making another key in its place would lock the node out of
 * its own grant.
 */
#include "ledger/node_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"

enum { SPKI_HEX_SIZE = 64 };

static enum status open_or_create(struct key_pair *pair, const char *dir, const char *name,
                                  const char *what)
{
    char path[FILE_PATH_SIZE];
    enum status status = file_path_join(path, dir, name);
    if (status != STATUS_OK)
        return status;
    status = key_pair_read(pair, path, what);
    if (status == STATUS_NOT_FOUND)
        status = key_pair_create(pair, path, what);
    /* Another process was faster: its key is the key. */
    if (status == STATUS_EXISTS)
        status = key_pair_read(pair, path, what);
    return status;
}

static enum status read_spki(uint8_t spki_sha256[static 32], const char *dir)
{
    char path[FILE_PATH_SIZE];
    char text[SPKI_HEX_SIZE + 3];
    enum status status = file_path_join(path, dir, "tls.spki");
    if (status != STATUS_OK)
        return status;
    memset(spki_sha256, 0, 32);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? STATUS_OK : file_status(errno);
    status = file_read_text(fd, text, SPKI_HEX_SIZE + 2);
    close(fd);
    if (status != STATUS_OK)
        return status;
    if (strlen(text) != SPKI_HEX_SIZE + 1 || text[SPKI_HEX_SIZE] != '\n')
        return STATUS_CORRUPT;
    text[SPKI_HEX_SIZE] = '\0';
    return hex_decode(text, spki_sha256, 32) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status node_keys_open(struct node_keys *keys, const char *dir)
{
    *keys = (struct node_keys){.signing = {.secret = NULL}};
    enum status status = crypt_init();
    if (status == STATUS_OK && mkdir(dir, 0700) != 0 && errno != EEXIST)
        status = file_status(errno);
    if (status == STATUS_OK)
        status = open_or_create(&keys->signing, dir, "signing.key", "signing");
    if (status == STATUS_OK)
        status = open_or_create(&keys->zone, dir, "zone.key", "zone");
    if (status == STATUS_OK)
        status = read_spki(keys->spki_sha256, dir);
    if (status != STATUS_OK)
        node_keys_close(keys);
    return status;
}

void node_keys_close(struct node_keys *keys)
{
    key_pair_close(&keys->signing);
    key_pair_close(&keys->zone);
}

enum status node_keys_possess(const struct node_keys *keys, const uint8_t namespace_id[static 32],
                              struct body_grant *grant)
{
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    grant->signing.algorithm = KEY_ED25519;
    grant->zone.algorithm = KEY_ED25519;
    memcpy(grant->signing.key, keys->signing.public_key, 32);
    memcpy(grant->zone.key, keys->zone.public_key, 32);
    memcpy(grant->spki_sha256, keys->spki_sha256, 32);
    body_possession_message(grant, namespace_id, message);
    /* The prefix stands at the message's beginning already. */
    return crypt_sign("", 0, message, sizeof message, keys->signing.secret, grant->possession);
}
