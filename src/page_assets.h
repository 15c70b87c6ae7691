/*
 * page_assets: the files of the Intent History page (src/page), compiled in.
 *
 * They are the files themselves, byte for byte: nothing is generated, nothing is read while the program runs; gzip
 * makes a quarter of them. There is no data of users in them, so that anybody may have them.
 */
#ifndef INTENT_WEBHOOK_PAGE_ASSETS_H
#define INTENT_WEBHOOK_PAGE_ASSETS_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

enum { PAGE_ASSET_ETAG_SIZE = 21 }; /* W/ and 16 hexadecimal digits in quotes, with the NUL */

struct page_asset {
  const char *name; /* below the page's prefix: "app.js" */
  const char *type; /* for Content-Type */
  const unsigned char *bytes;
  size_t length;
  const unsigned char *gzip; /* the same compressed; NULL: not done, or not worth it */
  size_t gzip_length;
  char
      etag[PAGE_ASSET_ETAG_SIZE]; /* of the bytes, with its quotes; weak, since it is that of the compressed ones too */
};

/* The asset of that name; the empty name is index.html's too. NULL: there is none. It lives as long as the module. */
const struct page_asset *page_asset_find(const char *name, size_t length);

/* Compresses all of them, the first time that it is called: some 10 ms. Without memory for it they stay as they are. */
void page_assets_compress(void);

#pragma GCC visibility pop
#endif
