/* labels.c: see labels.h. */
#include "resolver/cli/labels.h"

#include <stdio.h>
#include <string.h>

#include "ledger/body.h"
#include "resolver/cli/output.h"

json_t *labels_ask(struct session *session)
{
    json_t *answer = NULL, *labels = json_object();
    if (session_try(session, json_pack("{s:s}", "op", "authority"), SESSION_READ_MS, &answer) !=
        STATUS_OK)
        return labels;
    size_t i;
    json_t *grant;
    json_array_foreach(json_object_get(answer, "grants"), i, grant)
        if (*session_text(grant, "label") != '\0')
            json_object_set(labels, session_text(grant, "key"), json_object_get(grant, "label"));
    const char *owner = session_text(answer, "owner");
    if (*owner != '\0')
        json_object_set_new(labels, owner, json_string("the owner"));
    json_decref(answer);
    return labels;
}

void labels_text(const json_t *labels, const char *key, char text[static LABELS_TEXT_SIZE])
{
    const char *label = labels ? json_string_value(json_object_get(labels, key)) : NULL;
    if (label)
        output_escape(label, strlen(label), text, LABELS_TEXT_SIZE);
    else
        (void)snprintf(text, LABELS_TEXT_SIZE, "key %.16s", key);
}

const char *labels_reason(uint64_t reason)
{
    static const char *const reasons[] = {
        [REASON_NONE] = "",           [REASON_LOST] = "lost",         [REASON_STOLEN] = "stolen",
        [REASON_RETIRED] = "retired", [REASON_REPLACED] = "replaced",
    };
    return reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : "for another reason";
}
