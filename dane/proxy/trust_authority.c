/* trust_authority.c: see trust_authority.h. */
#include "dane/proxy/trust_authority.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/trust_rights.h"
#include "dane/proxy/trust_root.h"
#include "ledger/base/file.h"

/* The octets between both processes: this, then that many octets of PEM. */
struct answer {
    enum status status;
    char error[CA_ERROR_SIZE];
    size_t len;
};

struct task {
    struct trust_authority *authority;
    const char *dir;
    bool make, prove;
    uint64_t now_ms;
    char *error;
};

static enum status open_here(const struct task *task)
{
    struct ca ca = {.certificate = NULL};
    enum status status = ca_open_certificate(&ca, task->dir, task->error);
    bool missing = status == STATUS_NOT_FOUND;
    if (status != STATUS_OK && !(missing && task->make))
        return status;
    if (missing || task->prove) {
        ca_close(&ca);
        ca = (struct ca){.certificate = NULL};
        status = ca_open(&ca, task->dir, task->now_ms, task->error);
    }
    if (status == STATUS_OK && task->prove)
        status = trust_proof_init(&task->authority->proof, &ca, task->now_ms);
    if (status == STATUS_OK) {
        task->authority->certificate = ca.certificate;
        (void)X509_up_ref(ca.certificate);
    }
    ca_close(&ca);
    return status;
}

/* --- by way of a child --- */

static char *all_pem(const struct trust_authority *authority, size_t *total)
{
    const struct x509_st *list[] = {authority->certificate, authority->proof.inside,
                                    authority->proof.outside};
    char *text = calloc(1, 1);
    *total = 0;
    for (size_t i = 0; i < 3 && list[i] && text; i++) {
        size_t len = 0;
        char *pem = trust_root_pem(list[i], &len);
        char *grown = pem ? realloc(text, *total + len + 1) : NULL;
        if (grown)
            memcpy(grown + *total, pem, len + 1);
        else
            free(text);
        text = grown;
        *total += len;
        free(pem);
    }
    return text;
}

static void work(void *context, int fd)
{
    struct task *task = context;
    struct answer answer = {.status = STATUS_IO};
    task->error = answer.error;
    answer.status = open_here(task);
    char *pem = answer.status == STATUS_OK ? all_pem(task->authority, &answer.len) : NULL;
    if (answer.status == STATUS_OK && !pem)
        answer.status = STATUS_NO_MEMORY;
    enum status status = file_write_all(fd, &answer, sizeof answer);
    if (status == STATUS_OK && pem)
        status = file_write_all(fd, pem, answer.len);
    _exit(status == STATUS_OK ? 0 : 1);
}

static bool read_whole(int fd, void *bytes, size_t len)
{
    for (size_t have = 0; have < len;) {
        ssize_t got = read(fd, (char *)bytes + have, len - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static enum status take(void *context, int fd)
{
    enum { PEM_MAX = 1 << 16 };
    struct task *task = context;
    struct answer answer;
    struct x509_st *list[3] = {NULL, NULL, NULL};
    if (!read_whole(fd, &answer, sizeof answer) || (unsigned)answer.status >= STATUS_COUNT ||
        answer.len > PEM_MAX)
        return STATUS_IO;
    answer.error[sizeof answer.error - 1] = '\0';
    (void)snprintf(task->error, CA_ERROR_SIZE, "%s", answer.error);
    if (answer.status != STATUS_OK)
        return answer.status;
    char *pem = malloc(answer.len);
    size_t count =
        pem && read_whole(fd, pem, answer.len) ? trust_root_read_pem(pem, answer.len, list, 3) : 0;
    free(pem);
    *task->authority = (struct trust_authority){list[0], {list[1], list[2]}};
    return count == (task->prove ? 3u : 1u) ? STATUS_OK : STATUS_IO;
}

enum status trust_authority_open(struct trust_authority *authority, const char *dir, bool make,
                                 bool prove, uint64_t now_ms, char error[static CA_ERROR_SIZE])
{
    struct task task = {authority, dir, make, prove, now_ms, error};
    uid_t owner = geteuid();
    *authority = (struct trust_authority){.certificate = NULL};
    error[0] = '\0';
    enum status status = trust_rights_owner(dir, &owner);
    if (status == STATUS_OK && geteuid() == 0 && owner != 0)
        status = trust_rights_run(owner, &(struct trust_rights_job){work, take, &task});
    else if (status == STATUS_OK)
        status = open_here(&task);
    if (status != STATUS_OK && error[0] == '\0')
        (void)snprintf(error, CA_ERROR_SIZE, "%s: %s", dir, status_text(status));
    return status;
}

void trust_authority_close(struct trust_authority *authority)
{
    X509_free(authority->certificate);
    trust_proof_deinit(&authority->proof);
    *authority = (struct trust_authority){.certificate = NULL};
}
