/*
 * page_assets: see page_assets.h.
 *
 * The assembler takes each file in with .incbin. It looks for "src/page/..." from where the compiler was started, which
 * is the repository's root for the Makefile as for LuaRocks. The symbols are global, so that they survive link-time
 * optimisation, and hidden, so that nobody else sees them and position-independent code reaches them directly.
 */
#include "page_assets.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define SCRIPT "text/javascript; charset=utf-8"

/* A name for symbols, the file below src/page, its type. The first one is the page itself. */
#define ASSETS(X)                                         \
  X(index_html, "index.html", "text/html; charset=utf-8") \
  X(page_css, "page.css", "text/css; charset=utf-8")      \
  X(later_css, "later.css", "text/css; charset=utf-8")    \
  X(icon_svg, "icon.svg", "image/svg+xml")                \
  X(address_js, "address.js", SCRIPT)                     \
  X(api_js, "api.js", SCRIPT)                             \
  X(app_js, "app.js", SCRIPT)                             \
  X(attempt_js, "attempt.js", SCRIPT)                     \
  X(body_js, "body.js", SCRIPT)                           \
  X(copy_js, "copy.js", SCRIPT)                           \
  X(curl_js, "curl.js", SCRIPT)                           \
  X(dialogs_js, "dialogs.js", SCRIPT)                     \
  X(element_js, "element.js", SCRIPT)                     \
  X(event_js, "event.js", SCRIPT)                         \
  X(filters_js, "filters.js", SCRIPT)                     \
  X(first_js, "first.js", SCRIPT)                         \
  X(head_js, "head.js", SCRIPT)                           \
  X(json_js, "json.js", SCRIPT)                           \
  X(json_view_js, "json_view.js", SCRIPT)                 \
  X(list_js, "list.js", SCRIPT)                           \
  X(list_end_js, "list_end.js", SCRIPT)                   \
  X(live_js, "live.js", SCRIPT)                           \
  X(overview_js, "overview.js", SCRIPT)                   \
  X(row_js, "row.js", SCRIPT)                             \
  X(text_js, "text.js", SCRIPT)

#if defined(__APPLE__)
#define CONSTANTS    ".section __TEXT,__const\n"
#define BACK         ".text\n"
#define SYMBOL(name) "_page_asset_" name
#define HIDDEN       ".private_extern "
#else
#define CONSTANTS    ".pushsection .rodata\n"
#define BACK         ".popsection\n"
#define SYMBOL(name) "page_asset_" name
#define HIDDEN       ".hidden "
#endif

#define LABEL(name) ".globl " SYMBOL(name) "\n" HIDDEN SYMBOL(name) "\n" SYMBOL(name) ":\n"

/* The length is the assembler's: a linker may put other things between two symbols. */
#define ASSET_BYTES(symbol, file, type)                                                                \
  __asm__(CONSTANTS LABEL(#symbol) "1: .incbin \"src/page/" file "\"\n"                                \
                                   "2: .p2align 2\n" LABEL(#symbol "_length") ".long 2b - 1b\n" BACK); \
  extern const unsigned char page_asset_##symbol[];                                                    \
  extern const uint32_t page_asset_##symbol##_length;

#pragma GCC visibility push(hidden)
ASSETS(ASSET_BYTES)
#pragma GCC visibility pop
#undef ASSET_BYTES

#define ASSET_ENTRY(symbol, file, type) {file, type, page_asset_##symbol, 0, NULL, 0, ""},
static struct page_asset assets[] = {ASSETS(ASSET_ENTRY)};
#undef ASSET_ENTRY

#define ASSET_LENGTH(symbol, file, type) &page_asset_##symbol##_length,
static const uint32_t *const lengths[] = {ASSETS(ASSET_LENGTH)};
#undef ASSET_LENGTH

enum { ASSET_COUNT = sizeof assets / sizeof *assets };

static uint64_t fnv1a(const unsigned char *bytes, size_t length) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static void measure(void) {
  for (size_t i = 0; i < ASSET_COUNT; i++) {
    struct page_asset *asset = &assets[i];
    asset->length = *lengths[i];
    snprintf(asset->etag, sizeof asset->etag, "W/\"%016" PRIx64 "\"", fnv1a(asset->bytes, asset->length));
  }
}

/* Where the compressed ones stand, one after the other; some 48 KiB of it are used. */
static unsigned char compressed[64 * 1024];

/* How many bytes of `room` the asset takes compressed; 0: it cannot be had, or is no smaller. */
static size_t compress_into(unsigned char *room, size_t size, const struct page_asset *asset) {
  enum { WITH_GZIP_HEADER = 15 + 16 }; /* of the largest window; see deflateInit2 */
  z_stream stream = {.next_out = room, .avail_out = (uInt)(size < asset->length ? size : asset->length)};
  stream.next_in = (z_const Bytef *)(uintptr_t)asset->bytes; /* which it only reads */
  stream.avail_in = (uInt)asset->length;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, WITH_GZIP_HEADER, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
  bool complete = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  size_t length = stream.total_out;
  deflateEnd(&stream);
  return complete ? length : 0;
}

static void compress_all(void) {
  size_t used = 0;
  for (size_t i = 0; i < ASSET_COUNT; i++) {
    struct page_asset *asset = &assets[i];
    asset->gzip_length = compress_into(compressed + used, sizeof compressed - used, asset);
    if (asset->gzip_length) asset->gzip = compressed + used;
    used += asset->gzip_length;
  }
}

void page_assets_compress(void) {
  static pthread_once_t done = PTHREAD_ONCE_INIT;
  pthread_once(&done, compress_all);
}

const struct page_asset *page_asset_find(const char *name, size_t length) {
  static pthread_once_t measured = PTHREAD_ONCE_INIT;
  pthread_once(&measured, measure);
  if (length == 0) return &assets[0];
  for (size_t i = 0; i < ASSET_COUNT; i++)
    if (strlen(assets[i].name) == length && memcmp(assets[i].name, name, length) == 0) return &assets[i];
  return NULL;
}
