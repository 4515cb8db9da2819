/* trust_nss.c: see trust_nss.h.
 *
 * certutil never asks: it has a file with an empty password, and is refused when the database has
 * another one. That is tried first, since it would put the certificate in and fail at the trust.
 */
#include "dane/proxy/trust_nss.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/trust_tool.h"

enum { PER_NICKNAME_MAX = 8, NICKNAME_MAX = 512, ROUNDS_MAX = 64 };

static const char *const files[] = {"cert9.db", "key4.db", "pkcs11.txt"};

const char *trust_nss_text(enum trust_nss_outcome outcome)
{
    switch (outcome) {
    case TRUST_NSS_NO_TOOL:
        return "certutil is not installed: apt install libnss3-tools";
    case TRUST_NSS_PASSWORD:
        return "its database has a primary password, and certutil is not given one: take the "
               "password "
               "away, or import the CA's certificate in the browser's own settings";
    case TRUST_NSS_FAILED:
        return "certutil could not change its database";
    case TRUST_NSS_NOTHING:
    case TRUST_NSS_CHANGED:
        break;
    }
    return "";
}

bool trust_nss_is_there(const char *folder)
{
    char path[FILE_PATH_SIZE];
    return trust_file_path(path, "%s/cert9.db", folder) && trust_file_exists(path);
}

/* "sql:FOLDER", and the password's file. */
struct database {
    char name[FILE_PATH_SIZE], password[FILE_PATH_SIZE];
    const char *home;
};

static bool database_init(struct database *database, const struct trust *trust, const char *folder)
{
    database->home = trust->places.home;
    return trust_file_path(database->name, "sql:%s", folder) &&
           trust_file_path(database->password, "%s/password", trust->work);
}

/* Runs certutil and says what became of it. What it said is the caller's to free. */
static enum trust_nss_outcome certutil(const struct database *database, const char *const argv[],
                                       struct trust_said *said)
{
    enum status status = trust_tool_run(database->home, argv, said);
    if (status == STATUS_NOT_FOUND)
        return TRUST_NSS_NO_TOOL;
    if (status != STATUS_OK)
        return TRUST_NSS_FAILED;
    if (said->exit_code == 0)
        return TRUST_NSS_CHANGED;
    return strstr(said->text, "SEC_ERROR_BAD_PASSWORD") || strstr(said->text, "Incorrect password")
               ? TRUST_NSS_PASSWORD
               : TRUST_NSS_FAILED;
}

static enum trust_nss_outcome run(const struct database *database, const char *const argv[])
{
    struct trust_said said;
    enum trust_nss_outcome outcome = certutil(database, argv, &said);
    trust_tool_free(&said);
    return outcome;
}

static enum trust_nss_outcome delete (const struct database *database, const char *nickname) {
    return run(database, (const char *[]){"certutil", "-D", "-d", database->name, "-n", nickname,
                                          "-f", database->password, NULL});
}

static enum trust_nss_outcome list(const struct database *database, struct trust_said *said)
{
    return certutil(
        database,
        (const char *[]){"certutil", "-L", "-d", database->name, "-f", database->password, NULL},
        said);
}

/* --- what `certutil -L` lists: nickname, blanks, flags --- */

struct listed {
    char nickname[NICKNAME_MAX];
    bool is_anchor; /* for servers */
};

/* One line; false when it is no certificate's. */
static bool read_line(const char *line, size_t len, struct listed *listed)
{
    while (len > 0 && line[len - 1] == ' ')
        len--;
    size_t flags = len;
    while (flags > 0 && line[flags - 1] != ' ')
        flags--;
    size_t commas = 0, name = flags;
    for (size_t i = flags; i < len; i++)
        commas += line[i] == ',';
    while (name > 0 && line[name - 1] == ' ')
        name--;
    if (commas != 2 || name == 0 || name >= NICKNAME_MAX || name + 1 > flags)
        return false;
    memcpy(listed->nickname, line, name);
    listed->nickname[name] = '\0';
    const char *comma = memchr(line + flags, ',', len - flags);
    const char *trusted = memchr(line + flags, 'C', len - flags);
    listed->is_anchor = trusted && trusted < comma;
    return true;
}

/* The first certificate in the list that is Hearth's; *current: it is the present root. */
static bool find_ours(const struct trust *trust, const struct database *database,
                      const char *nickname, bool *current)
{
    struct trust_said said;
    X509 *found[PER_NICKNAME_MAX];
    size_t count = 0;
    bool ours = false;
    if (certutil(database,
                 (const char *[]){"certutil", "-L", "-d", database->name, "-n", nickname, "-a",
                                  "-f", database->password, NULL},
                 &said) == TRUST_NSS_CHANGED)
        count = trust_root_read_pem(said.text, said.len, found, PER_NICKNAME_MAX);
    trust_tool_free(&said);
    *current = count == 1 && trust->has_root && trust_root_is(&trust->root, found[0]);
    for (size_t i = 0; i < count; i++) {
        ours = ours || trust_root_is_hearths(found[i], nickname);
        X509_free(found[i]);
    }
    return ours || *current;
}

/* What is of Hearth in the database: is the present root there, and one nickname of another. */
struct found {
    bool current;
    char current_name[NICKNAME_MAX], other[NICKNAME_MAX];
};

static enum trust_nss_outcome find(const struct trust *trust, const struct database *database,
                                   struct found *found)
{
    struct trust_said said;
    *found = (struct found){.current = false};
    enum trust_nss_outcome outcome = list(database, &said);
    for (const char *line = said.text; outcome == TRUST_NSS_CHANGED && line && *line;) {
        size_t len = strcspn(line, "\n");
        struct listed listed;
        bool current;
        if (read_line(line, len, &listed) &&
            (listed.is_anchor || strncmp(listed.nickname, "Hearth", 6) == 0) &&
            find_ours(trust, database, listed.nickname, &current)) {
            found->current = found->current || (current && listed.is_anchor);
            char *name = current && listed.is_anchor ? found->current_name : found->other;
            (void)snprintf(name, NICKNAME_MAX, "%s", listed.nickname);
        }
        line += len + (line[len] == '\n');
    }
    trust_tool_free(&said);
    return outcome;
}

/* --- the doors --- */

enum trust_nss_outcome trust_nss_create(const struct trust *trust, const struct trust_made *made,
                                        const char *folder)
{
    struct database database;
    char path[FILE_PATH_SIZE];
    if (!database_init(&database, trust, folder) || !trust_tool_find("certutil", path))
        return TRUST_NSS_NO_TOOL;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!trust_file_path(path, "%s/%s", folder, files[i]) ||
            (!trust_file_exists(path) && trust_made_note(made, path) != STATUS_OK))
            return TRUST_NSS_FAILED;
    return run(&database, (const char *[]){"certutil", "-N", "-d", database.name, "-f",
                                           database.password, NULL});
}

/* What the database says of its keys; `certutil -K` must log in, and changes nothing. */
static enum trust_nss_outcome keys(const struct database *database, struct trust_said *said)
{
    return certutil(
        database,
        (const char *[]){"certutil", "-K", "-d", database->name, "-f", database->password, NULL},
        said);
}

static bool has_password(const struct database *database)
{
    struct trust_said said;
    bool has = keys(database, &said) == TRUST_NSS_PASSWORD;
    trust_tool_free(&said);
    return has;
}

static enum trust_nss_outcome add(const struct trust *trust, const struct database *database)
{
    char pem[FILE_PATH_SIZE];
    if (!trust_file_path(pem, "%s/root.pem", trust->work))
        return TRUST_NSS_FAILED;
    if (has_password(database))
        return TRUST_NSS_PASSWORD;
    enum trust_nss_outcome outcome =
        run(database,
            (const char *[]){"certutil", "-A", "-d", database->name, "-n", trust->root.nickname,
                             "-t", "C,,", "-i", pem, "-f", database->password, NULL});
    if (outcome == TRUST_NSS_PASSWORD || outcome == TRUST_NSS_FAILED)
        (void)delete (database, trust->root.nickname);
    return outcome;
}

enum trust_nss_outcome trust_nss_install(const struct trust *trust, const char *folder)
{
    struct database database;
    struct found found;
    bool changed = false;
    if (!database_init(&database, trust, folder))
        return TRUST_NSS_FAILED;
    enum trust_nss_outcome outcome = find(trust, &database, &found);
    for (int i = 0; outcome == TRUST_NSS_CHANGED && found.other[0] != '\0' && i < ROUNDS_MAX; i++) {
        outcome = delete (&database, found.other);
        if (outcome == TRUST_NSS_CHANGED)
            outcome = find(trust, &database, &found);
        changed = true;
    }
    if (outcome == TRUST_NSS_CHANGED && !found.current)
        return add(trust, &database);
    return outcome == TRUST_NSS_CHANGED && !changed ? TRUST_NSS_NOTHING : outcome;
}

/* Holds it neither a certificate nor a key? */
static bool is_empty(const struct database *database)
{
    struct trust_said said;
    size_t certificates = 0;
    bool listed = list(database, &said) == TRUST_NSS_CHANGED;
    for (const char *line = said.text; listed && line && *line;) {
        size_t len = strcspn(line, "\n");
        struct listed one;
        certificates += read_line(line, len, &one);
        line += len + (line[len] == '\n');
    }
    trust_tool_free(&said);
    (void)keys(database, &said);
    bool has_keys = !said.text || !strstr(said.text, "no keys found");
    trust_tool_free(&said);
    return listed && certificates == 0 && !has_keys;
}

static bool remove_files(const struct trust *trust, const struct trust_made *made,
                         const char *folder)
{
    char paths[sizeof files / sizeof files[0]][FILE_PATH_SIZE];
    struct database database;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!trust_file_path(paths[i], "%s/%s", folder, files[i]) ||
            !trust_made_has(made, paths[i]))
            return false;
    if (!database_init(&database, trust, folder) || !is_empty(&database))
        return false;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        (void)unlink(paths[i]);
    return true;
}

enum trust_nss_outcome trust_nss_remove(const struct trust *trust, const struct trust_made *made,
                                        const char *folder)
{
    struct database database;
    struct found found;
    bool changed = false;
    if (!database_init(&database, trust, folder))
        return TRUST_NSS_FAILED;
    enum trust_nss_outcome outcome = find(trust, &database, &found);
    for (int i = 0; outcome == TRUST_NSS_CHANGED && i < ROUNDS_MAX; i++) {
        const char *name = found.current_name[0] != '\0' ? found.current_name : found.other;
        if (name[0] == '\0')
            break;
        outcome = delete (&database, name);
        if (outcome == TRUST_NSS_CHANGED)
            outcome = find(trust, &database, &found);
        changed = true;
    }
    if (outcome != TRUST_NSS_CHANGED)
        return outcome;
    return (made && remove_files(trust, made, folder)) || changed ? TRUST_NSS_CHANGED
                                                                  : TRUST_NSS_NOTHING;
}

static enum trust_answer judge(const struct database *database, const char *leaf)
{
    struct trust_said said;
    enum status status = trust_tool_run(
        database->home,
        (const char *[]){"vfychain", "-d", database->name, "-u", "1", "-a", leaf, NULL}, &said);
    enum trust_answer answer = TRUST_UNKNOWN;
    if (status == STATUS_OK && strstr(said.text, "Chain is good"))
        answer = TRUST_YES;
    else if (status == STATUS_OK && strstr(said.text, "Chain is bad"))
        answer = TRUST_NO;
    trust_tool_free(&said);
    return answer;
}

enum trust_nss_outcome trust_nss_prove(const struct trust *trust, const char *folder,
                                       enum trust_answer *inside, enum trust_answer *outside)
{
    struct database database;
    char tool[TRUST_TOOL_PATH_SIZE], leaf[FILE_PATH_SIZE], other[FILE_PATH_SIZE];
    if (!trust_tool_find("vfychain", tool))
        return TRUST_NSS_NO_TOOL;
    if (!database_init(&database, trust, folder) ||
        !trust_file_path(leaf, "%s/inside.pem", trust->work) ||
        !trust_file_path(other, "%s/outside.pem", trust->work))
        return TRUST_NSS_FAILED;
    *inside = judge(&database, leaf);
    *outside = judge(&database, other);
    return *inside == TRUST_UNKNOWN || *outside == TRUST_UNKNOWN ? TRUST_NSS_FAILED
                                                                 : TRUST_NSS_NOTHING;
}
