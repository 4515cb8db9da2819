/* verb_import.c: `import FILE`: many records at once, all or nothing.
 *
 * The whole file is read and checked before hearthd hears of it; then it is staged in frames well
 * below the protocol's limit, on one connection, and committed as one batch. A refusal names the
 * line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/cli/idn.h"
#include "resolver/cli/output.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"
#include "resolver/import_text.h"

enum { FRAME_OCTETS = 512 * 1024, RECORD_OVERHEAD = 64, READ_STEP = 1 << 16 };

struct text {
    char *bytes;
    size_t len, room;
};

static enum status read_more(int fd, struct text *text)
{
    for (;;) {
        if (text->room - text->len < READ_STEP) {
            size_t room = text->room ? text->room * 2 : 4 * READ_STEP;
            char *grown = realloc(text->bytes, room);
            if (!grown)
                return STATUS_NO_MEMORY;
            text->bytes = grown;
            text->room = room;
        }
        ssize_t got = read(fd, text->bytes + text->len, READ_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? STATUS_OK : STATUS_IO;
        text->len += (size_t)got;
        if (text->len > IMPORT_BYTES_MAX)
            return STATUS_TOO_LONG;
    }
}

static int read_file(struct cli *cli, const char *path, struct text *text)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return output_error(cli, errno == ENOENT ? EXIT_USAGE : EXIT_BROKEN, NULL, NULL,
                            "a FILE that can be read, or - for standard input", "%s: %s", path,
                            strerror(errno));
    errno = 0;
    enum status status = read_more(fd, text);
    int error = errno;
    if (!standard)
        close(fd);
    if (status == STATUS_OK)
        return EXIT_YES;
    return output_error(
        cli, status == STATUS_TOO_LONG ? EXIT_REFUSED : EXIT_BROKEN, NULL, status_name(status),
        status == STATUS_TOO_LONG ? "the same in several files"
                                  : "a FILE that can be read, or - for standard input",
        "%s: %s", path, status == STATUS_IO && error ? strerror(error) : status_text(status));
}

/* "FILE:LINE: what is wrong", with the A-label as the hint where a U-label is. */
static int report_line(struct cli *cli, const char *path, const struct import *import,
                       enum status status)
{
    char hint[NAME_HINT_SIZE] = "", shown[IMPORT_ERROR_SIZE * 2], name[IMPORT_TOKEN_SIZE];
    if (status == STATUS_NAME_U_LABEL && idn_to_ascii(import->name, hint, sizeof hint) != STATUS_OK)
        hint[0] = '\0';
    output_escape(import->error, strlen(import->error), shown, sizeof shown);
    output_escape(import->name, strlen(import->name), name, sizeof name);
    return output_error(cli, output_exit_code(status) == EXIT_BROKEN ? EXIT_BROKEN : EXIT_REFUSED,
                        json_pack("{s:I}", "line", (json_int_t)import->line), status_name(status),
                        hint, "%s:%u: %s%s%s; nothing was imported", path, import->line, name,
                        *name ? ": " : "", shown);
}

static int parse_format(struct cli *cli, const struct text *text, enum import_format *format)
{
    const char *word = cli_option(cli, "--format");
    *format = word ? import_format_parse(word)
                   : import_format_guess(cli->argv[0], text->bytes, text->len);
    if (*format != IMPORT_UNKNOWN)
        return EXIT_YES;
    return output_error(cli, EXIT_USAGE, NULL, NULL, "--format zone, hosts or csv",
                        "%.32s is no format that can be imported", word ? word : "");
}

/* --- sending --- */

/* The first RR of each RRset that was staged, for naming lines. */
struct stage {
    struct session *session;
    const struct import *import;
    const char *path;
    size_t *firsts;
    size_t count; /* RRsets so far */
};

static json_t *rrset_object(const struct import *import, size_t first, size_t end, size_t *octets)
{
    const struct import_rr *rr = &import->rrs[first];
    uint32_t ttl = rr->ttl;
    for (size_t i = first; i < end; i++)
        ttl = import->rrs[i].ttl < ttl ? import->rrs[i].ttl : ttl; /* RFC 2181, section 5.2 */
    json_t *record = records_new(rr->owner, rr->type, ttl);
    *octets += RECORD_OVERHEAD + rr->owner->len;
    for (size_t i = first; i < end; i++) {
        records_add(record, import->rrs[i].data, import->rrs[i].len);
        *octets += 2U * import->rrs[i].len + 4;
    }
    return record;
}

static int report_refusal(struct stage *stage, const json_t *answer)
{
    const json_t *index = json_object_get(answer, "index");
    if (!json_is_integer(index) || json_integer_value(index) < 0 ||
        (size_t)json_integer_value(index) >= stage->count)
        return session_report(stage->session->cli, answer, NULL);
    struct import at = *stage->import;
    const struct import_rr *rr = &at.rrs[stage->firsts[json_integer_value(index)]];
    at.line = rr->line;
    (void)snprintf(at.error, sizeof at.error, "%.250s", session_text(answer, "error"));
    own_names_relative_text(rr->owner, at.name);
    enum status status = status_from_name(session_text(answer, "status"));
    return report_line(stage->session->cli, stage->path, &at,
                       status == STATUS_COUNT ? STATUS_IO : status);
}

static int send_request(struct stage *stage, json_t *request, json_t **answer)
{
    enum status status = session_try(stage->session, request, SESSION_WRITE_MS, answer);
    if (status != STATUS_OK)
        return session_lost(stage->session->cli, status, NULL);
    if (json_is_true(json_object_get(*answer, "ok")))
        return EXIT_YES;
    int code = report_refusal(stage, *answer);
    json_decref(*answer);
    *answer = NULL;
    return code;
}

static int stage_all(struct stage *stage)
{
    const struct import *import = stage->import;
    int code = EXIT_YES;
    for (size_t first = 0; code == EXIT_YES && first < import->count;) {
        json_t *records = json_array(), *answer = NULL;
        size_t octets = 0;
        while (first < import->count && octets < FRAME_OCTETS) {
            size_t end = import_rrset_end(import, first);
            json_array_append_new(records, rrset_object(import, first, end, &octets));
            stage->firsts[stage->count++] = first;
            first = end;
        }
        code = send_request(
            stage, json_pack("{s:s, s:o, s:s}", "op", "stage", "records", records, "by", "import"),
            &answer);
        json_decref(answer);
    }
    return code;
}

static int import_all(struct session *session, const struct import *import, const char *path)
{
    struct cli *cli = session->cli;
    struct stage stage = {.session = session, .import = import, .path = path};
    json_t *answer = NULL;
    stage.firsts = calloc(import->count + 1, sizeof *stage.firsts);
    if (!stage.firsts)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    int code = stage_all(&stage);
    if (code == EXIT_YES && import->count > 0)
        code = send_request(&stage, json_pack("{s:s}", "op", "commit"), &answer);
    if (code == EXIT_YES) {
        output_line(cli, "%zu records in %zu record sets imported from %s%s", import->count,
                    stage.count, path, import->skipped > 0 ? " (some lines were skipped)" : "");
        output_next(cli, "%s ls", cli->command);
        code = output_object(cli,
                             json_pack("{s:I, s:I, s:I, s:O?}", "records",
                                       (json_int_t)import->count, "sets", (json_int_t)stage.count,
                                       "skipped", (json_int_t)import->skipped, "generation",
                                       json_object_get(answer, "generation")),
                             EXIT_YES);
    }
    json_decref(answer);
    free(stage.firsts);
    return code;
}

static int parse_and_import(struct session *session, const struct text *text)
{
    struct cli *cli = session->cli;
    struct import *import = calloc(1, sizeof *import);
    enum import_format format = IMPORT_UNKNOWN;
    if (!import)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    int code = parse_format(cli, text, &format);
    if (code == EXIT_YES) {
        enum status status = import_read(import, format, text->bytes, text->len, &session->own);
        code = status == STATUS_OK ? import_all(session, import, cli->argv[0])
                                   : report_line(cli, cli->argv[0], import, status);
        import_free(import);
    }
    free(import);
    return code;
}

int verb_import(struct cli *cli)
{
    struct session session;
    struct text text = {0};
    int code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = read_file(cli, cli->argv[0], &text);
    if (code == EXIT_YES)
        code = parse_and_import(&session, &text);
    free(text.bytes);
    session_close(&session);
    return code;
}
