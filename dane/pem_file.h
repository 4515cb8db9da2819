/* pem_file.h: a private key or a certificate, each alone in a small PEM file of a folder of ours.
 *
 * A file is made whole and durable under a name of its own (fresh), and only then placed: a crash
 * never leaves half of one.
 */
#ifndef HEARTH_DANE_PEM_FILE_H
#define HEARTH_DANE_PEM_FILE_H

#include "ledger/base/status.h"

struct x509_st;     /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* The caller frees what comes, which is NULL unless OK. NOT_FOUND; DENIED (a symbolic link; for a
 * key also: others have rights to it, file_check_private); CORRUPT (no EC key, no certificate, or a
 * file too long to be ours), IO. Leave no error in OpenSSL's queue. */
enum status pem_file_read_key(int dir, const char *name, struct evp_pkey_st **key);
enum status pem_file_read_certificate(int dir, const char *name, struct x509_st **certificate);

/* Make the file anew, in place of one that a crash left under that name: 0600 for a key; 0644, or
 * 0600 where it concerns nobody else, for a certificate. As root it belongs to the folder's owner,
 * whose proxy or daemon has to read it. DENIED, FULL, IO, CRYPTO. */
enum status pem_file_write_key(int dir, const char *name, const struct evp_pkey_st *key);
enum status pem_file_write_certificate(int dir, const char *name, unsigned mode,
                                       const struct x509_st *certificate);

/* Gives it its lasting name, durably. When that fails it stays as it is. */
enum status pem_file_place(int dir, const char *fresh, const char *name);

#endif
