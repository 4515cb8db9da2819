/* octets.h: what is asked of plain octets everywhere. */
#ifndef HEARTH_LEDGER_BASE_OCTETS_H
#define HEARTH_LEDGER_BASE_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool octets_are_zero(const uint8_t *octets, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= octets[i];
    return any == 0;
}

#endif
