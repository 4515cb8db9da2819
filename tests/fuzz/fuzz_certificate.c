/* Certificates and TLSA records. Two octets of length, the TLSA rdata, then the certificate. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "dane/certificate.h"
#include "dane/tlsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t rdata_len = data[0];
    if (rdata_len > size - 2)
        rdata_len = size - 2;
    struct der der = {.bytes = data + 2 + rdata_len, .len = size - 2 - rdata_len};
    struct tlsa tlsa;
    if (tlsa_decode(&tlsa, data + 2, rdata_len) == STATUS_OK)
        (void)tlsa_match_certificate(&tlsa, der);
    struct certificate_facts facts;
    if (certificate_facts(&facts, der) == STATUS_OK)
        assert(strlen(facts.subject) < sizeof facts.subject &&
               strlen(facts.names) < sizeof facts.names);
    (void)certificate_has_name(der, "camera.maple.home.arpa");
    return 0;
}
