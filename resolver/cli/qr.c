/* qr.c: see qr.h. A character holds two rows; the quiet zone of four modules is drawn too (ISO/IEC
 * 18004). */
#include "resolver/cli/qr.h"

#include <qrencode.h>
#include <stdbool.h>

enum { QUIET = 4 };

/* Outside the code everything is light. */
static bool is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width)
        return false;
    return code->data[y * code->width + x] & 1;
}

static void print_row(FILE *out, const QRcode *code, int y, int colour)
{
    /* Without colours the block is the light part: most terminals are dark. */
    static const char *const blocks[2][2] = {{"\u2588", "\u2580"}, {"\u2584", " "}};
    (void)fputs(colour ? "\033[97;40m" : "", out);
    for (int x = -QUIET; x < code->width + QUIET; x++)
        (void)fputs(blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)], out);
    (void)fputs(colour ? "\033[0m\n" : "\n", out);
}

enum status qr_print(FILE *out, const char *text, int colour)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!code)
        return STATUS_TOO_LONG;
    for (int y = -QUIET; y < code->width + QUIET; y += 2)
        print_row(out, code, y, colour);
    QRcode_free(code);
    return STATUS_OK;
}
