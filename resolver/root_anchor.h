/* root_anchor.h: the root zone's trust anchors, with which the validation of public names begins.
 *
 * As text, because the resolver opens no file for them. A list that ends with NULL.
 */
#ifndef HEARTH_RESOLVER_ROOT_ANCHOR_H
#define HEARTH_RESOLVER_ROOT_ANCHOR_H

extern const char *const root_anchors[];

#endif
