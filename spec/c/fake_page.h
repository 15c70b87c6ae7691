/*
 * fake_page: a page without a history, for tests of what serves one. Each call has a thread of its own.
 *
 * The target of a request says what it gets:
 *
 *     /hold              nothing until the call is given up
 *     /busy              no call at all
 *     /delay/MS          401, to be held back so many milliseconds
 *     /bytes/N           200 with N bytes
 *     /pieces/N/BYTES    200 in N pieces of so many bytes; the last letter of a piece is a "."
 *     /late/N/BYTES      the same, but each further piece has to be asked for three times
 *     /broken/N          the same, of 1000 bytes, but the last piece fails
 *     anything else      200 "METHOD TARGET host=H origin=O site=S token=T cookie=C match=M secure=0|1
 * body=LENGTH:BODY", of the body at most 20 bytes
 */
#ifndef INTENT_WEBHOOK_SPEC_FAKE_PAGE_H
#define INTENT_WEBHOOK_SPEC_FAKE_PAGE_H

#include "page_call.h"

extern const struct page_functions fake_page_functions;

/* Of which there is one; whether it says that it has a token. */
struct page *fake_page(bool has_token);

unsigned fake_page_held(void);    /* references */
unsigned fake_page_calls(void);   /* that were started */
unsigned fake_page_open(void);    /* that were not freed */
unsigned fake_page_waiting(void); /* that are not ready */
unsigned fake_page_pieces(void);  /* that were made, first ones included */

#endif
