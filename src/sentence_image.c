/*
 * sentence_image: see sentence_image.h.
 *
 * The file: a header with magic, version, a mark of byte order and sizes, and a SHA-256 of all that follows; then the
 * number of records of each section; then the sections, each at a multiple of 8. What is read is copied into one
 * allocation and then checked record by record, so that not even a file that was made to do harm leads outside of it.
 */
#include "sentence_image.h"

#include <math.h>
#include <openssl/evp.h>
#include <string.h>

#include "memory.h"

enum {
  SECTION_COUNT = 0
#define SECTION(type, name) +1
  IMAGE_SECTIONS(SECTION)
#undef SECTION
};

enum { FILE_VERSION = 1, BYTE_ORDER_MARK = 0x01020304, DIGEST_BYTES = 32, ALIGNMENT = 8 };

static const char magic[8] = "IWSENT\r\n";

struct header {
  char magic[8];
  uint32_t version, byte_order, sections, record_bytes;
  uint64_t size; /* of the whole file */
  unsigned char digest[DIGEST_BYTES];
};

uint32_t draft_text(struct image_draft *draft, const char *text, size_t length) {
  uint32_t place = (uint32_t)draft->text.length;
  buffer_append(&draft->text, text, length);
  buffer_byte(&draft->text, '\0');
  return place;
}

void draft_free(struct image_draft *draft) {
#define SECTION(type, name) buffer_free(&draft->name);
  IMAGE_SECTIONS(SECTION)
#undef SECTION
}

static uint64_t aligned64(uint64_t size) {
  return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t aligned(size_t size) {
  return (size_t)aligned64(size);
}

/* An image with room for so many records of each section, and their pointers set; NULL: out of memory. */
static struct image *image_alloc(const uint32_t counts[SECTION_COUNT]) {
  uint64_t size = aligned(sizeof(struct image));
  unsigned index = 0;
#define SECTION(type, name) size += aligned64((uint64_t)counts[index++] * sizeof(type));
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  if (size > SIZE_MAX / 2) return NULL;
  struct image *image = memory_zeroed((size_t)size);
  if (!image) return NULL;
  atomic_init(&image->owners, 1);
  image->size = (size_t)size;
  char *at = (char *)image + aligned(sizeof *image);
  index = 0;
#define SECTION(type, section)                     \
  image->section = (const type *)(const void *)at; \
  image->section##_count = counts[index++];        \
  at += aligned((size_t)image->section##_count * sizeof(type));
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  return image;
}

struct image *image_new(const struct image_draft *draft) {
  uint32_t counts[SECTION_COUNT];
  bool failed = false;
  unsigned index = 0;
#define SECTION(type, name)                                                  \
  failed |= draft->name.failed || draft->name.length / sizeof(type) >= NONE; \
  counts[index++] = DRAFT_COUNT(draft, type, name);
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  struct image *image = failed ? NULL : image_alloc(counts);
  if (!image) return NULL;
    /* written here for the only time */
#define SECTION(type, name) \
  if (draft->name.length)   \
    memcpy((char *)image + ((const char *)image->name - (const char *)image), draft->name.bytes, draft->name.length);
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  return image;
}

void image_drop(struct image *image) {
  if (image && atomic_fetch_sub(&image->owners, 1) == 1) memory_free(image);
}

uint32_t image_global_list(const struct image *image, const char *name) {
  for (uint32_t i = 0; i < image->scopes_count; i++) {
    const struct list_scope *scope = &image->scopes[i];
    if (scope->block == NONE && scope->list != NONE &&
        strcmp(image_text(image, image->lists[scope->list].name), name) == 0)
      return scope->list;
  }
  return NONE;
}

/* ---- sentences ---- */

sentences *sentences_new(struct image *image) {
  struct sentences *compiled = memory_zeroed(sizeof *compiled + image->lists_count * sizeof(struct image *));
  if (!compiled) {
    image_drop(image);
    return NULL;
  }
  atomic_init(&compiled->owners, 1);
  compiled->image = image;
  compiled->list_count = image->lists_count;
  return compiled;
}

void sentences_hold(sentences *compiled) {
  atomic_fetch_add(&compiled->owners, 1);
}

void sentences_drop(sentences *compiled) {
  if (!compiled || atomic_fetch_sub(&compiled->owners, 1) != 1) return;
  for (uint32_t i = 0; i < compiled->list_count; i++) image_drop(compiled->replaced[i]);
  image_drop(compiled->image);
  memory_free(compiled);
}

size_t sentences_size(const sentences *compiled) {
  size_t size = sizeof *compiled + compiled->list_count * sizeof(struct image *) + compiled->image->size;
  for (uint32_t i = 0; i < compiled->list_count; i++) {
    if (compiled->replaced[i]) size += compiled->replaced[i]->size;
  }
  return size;
}

/* ---- the file ---- */

/* The sum of the records' sizes tells files of machines with another layout. */
static uint32_t record_bytes(void) {
  uint32_t sum = 0;
#define SECTION(type, name) sum = sum * 31 + (uint32_t)sizeof(type);
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  return sum;
}

static bool digest(const char *bytes, size_t length, unsigned char out[DIGEST_BYTES]) {
  unsigned size = 0;
  return EVP_Digest(bytes, length, out, &size, EVP_sha256(), NULL) == 1 && size == DIGEST_BYTES;
}

static bool image_dump(const struct image *image, struct buffer *out) {
  size_t start = out->length;
  struct header header = {.version = FILE_VERSION,
                          .byte_order = BYTE_ORDER_MARK,
                          .sections = SECTION_COUNT,
                          .record_bytes = record_bytes()};
  memcpy(header.magic, magic, sizeof magic);
  buffer_push(out, &header, sizeof header);
  uint32_t counts[SECTION_COUNT + 1] = {0};
  unsigned index = 0;
#define SECTION(type, name) counts[index++] = image->name##_count;
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  buffer_append(out, counts, aligned(sizeof(uint32_t) * SECTION_COUNT));
  static const char padding[ALIGNMENT];
#define SECTION(type, name)                                                    \
  buffer_append(out, image->name, (size_t)image->name##_count * sizeof(type)); \
  buffer_append(out, padding, aligned(image->name##_count * sizeof(type)) - image->name##_count * sizeof(type));
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  if (out->failed) return false;
  header.size = out->length - start;
  if (!digest(out->bytes + start + sizeof header, header.size - sizeof header, header.digest)) return false;
  memcpy(out->bytes + start, &header, sizeof header);
  return true;
}

bool sentences_dump(const sentences *compiled, struct buffer *out) {
  return image_dump(compiled->image, out);
}

static bool in_range(uint64_t first, uint64_t count, uint64_t all) {
  return first <= all && count <= all - first;
}

static bool is_text(const struct image *image, uint32_t place, bool optional) {
  return place == NONE ? optional : place < image->text_count;
}

static bool is_scalar(const struct image *image, const struct scalar *scalar) {
  return scalar->kind <= SENTENCES_BOOLEAN &&
         (scalar->kind != SENTENCES_TEXT || in_range(scalar->text, scalar->length, image->text_count - 1));
}

static bool good_edge(const struct image *image, const struct edge *edge) {
  switch (edge->symbol) {
  case EDGE_ACCEPT: return edge->target < image->templates_count;
  case EDGE_LIST:
  case EDGE_RANGE:
  case EDGE_WILDCARD:
  case EDGE_TYPE:
    return edge->target < image->states_count && edge->argument < image->holes_count &&
           image->holes[edge->argument].kind == edge->symbol;
  case EDGE_SPACE:
  case EDGE_GAP: return edge->target < image->states_count;
  default: return edge->symbol < EDGE_FIRST && edge->target < image->states_count;
  }
}

static bool good_state(const struct image *image, uint32_t index) {
  const struct state *state = &image->states[index];
  if (!in_range(state->first, (uint64_t)state->characters + state->others, image->edges_count)) return false;
  for (uint32_t i = 0; i < (uint32_t)state->characters + state->others; i++) {
    const struct edge *edge = &image->edges[state->first + i];
    if (!good_edge(image, edge) || (i < state->characters) != (edge->symbol < EDGE_FIRST)) return false;
  }
  return true;
}

/* Whether it is a list that can be named; its name is checked with the list. */
static bool has_name(const struct image *image, uint32_t list) {
  return list < image->lists_count && image->lists[list].name != NONE;
}

static bool good_hole(const struct image *image, const struct hole *hole) {
  if (!is_text(image, hole->slot, true)) return false;
  switch (hole->kind) {
  case EDGE_LIST: return has_name(image, hole->list) && image->lists[hole->list].kind == SENTENCES_VALUES;
  case EDGE_RANGE: return hole->type < image->ranges_count && (hole->list == NONE || has_name(image, hole->list));
  case EDGE_TYPE: return has_name(image, hole->list) && hole->type < image->settings->types;
  case EDGE_WILDCARD: return hole->list == NONE || has_name(image, hole->list);
  default: return false;
  }
}

static bool good_range(const struct image *image, const struct range *range) {
  bool numbers = isfinite(range->from) && isfinite(range->to) && isfinite(range->step) && isfinite(range->multiplier);
  return numbers && range->from <= range->to && range->step > 0 && is_text(image, range->list, true) &&
         (range->fractions == 1 || range->fractions == 2 || range->fractions == 10);
}

static bool good_list(const struct image *image, const struct list *list) {
  if (!is_text(image, list->name, true) || !in_range(list->first_node, list->node_count, image->nodes_count) ||
      !in_range(list->first_value, list->value_count, image->values_count))
    return false;
  for (uint32_t i = 0; i < list->node_count; i++) {
    const struct list_node *node = &image->nodes[list->first_node + i];
    uint64_t first_edge = (uint64_t)list->first_edge + node->first_edge;
    uint64_t first_terminal = (uint64_t)list->first_terminal + node->first_terminal;
    if (!in_range(first_edge, node->edges, image->list_edges_count) ||
        !in_range(first_terminal, node->terminals, image->terminals_count))
      return false;
    for (uint32_t k = 0; k < node->edges; k++) {
      if (image->list_edges[first_edge + k].target >= list->node_count) return false;
    }
    for (uint32_t k = 0; k < node->terminals; k++) {
      if (image->terminals[first_terminal + k] >= list->value_count) return false;
    }
  }
  return true;
}

static bool good_value(const struct image *image, const struct list_value *value) {
  return in_range(value->text, value->length, image->text_count - 1) && is_scalar(image, &value->out) &&
         in_range(value->first_context, value->contexts, image->contexts_count);
}

static bool good_pair(const struct image *image, const struct pair *pair) {
  return is_text(image, pair->key, false) && is_scalar(image, &pair->value);
}

static bool good_intent(const struct image *image, const struct intent *intent) {
  return is_text(image, intent->name, false) && in_range(intent->first_block, intent->blocks, image->blocks_count) &&
         in_range(intent->first_slot, intent->slots, image->slots_count);
}

/* A list of words has no name, so that no list put in the place of a named one stands for it. */
static bool is_words(const struct image *image, uint32_t list) {
  if (list == NONE) return true;
  return list < image->lists_count && image->lists[list].name == NONE && image->lists[list].kind == SENTENCES_VALUES &&
         image->lists[list].value_count > 0;
}

static bool good_block(const struct image *image, const struct block *block) {
  return block->intent < image->intents_count &&
         in_range(block->first_template, block->templates, image->templates_count) &&
         in_range(block->first_condition, block->conditions, image->conditions_count) &&
         in_range(block->first_fixed, block->fixed, image->fixed_count) && is_words(image, block->keywords) &&
         isfinite(block->priority);
}

static bool good_template(const struct image *image, const struct template *template) {
  return template->block < image->blocks_count && template->start < image->states_count &&
         in_range(template->text, template->length, image->text_count - 1);
}

static bool good_condition(const struct image *image, const struct condition *condition) {
  return is_text(image, condition->key, false) && is_text(image, condition->slot, true) &&
         in_range(condition->first_value, condition->values, image->scalars_count);
}

static bool good_phrase(const struct image *image, const struct phrase *phrase) {
  return is_text(image, phrase->name, false) && in_range(phrase->text, phrase->length, image->text_count - 1) &&
         (phrase->block == NONE || phrase->block < image->blocks_count);
}

static bool good_scope(const struct image *image, const struct list_scope *scope) {
  return has_name(image, scope->list) && (scope->block == NONE || scope->block < image->blocks_count) &&
         (scope->range == NONE || scope->range < image->ranges_count);
}

static bool good_settings(const struct image *image) {
  if (image->settings_count != 1) return false;
  const struct settings *settings = image->settings;
  return settings->start < image->states_count && is_words(image, settings->skip_words) &&
         is_words(image, settings->number_words);
}

/* Whether intents, blocks and templates lie side by side, each where its owner says. */
static bool good_order(const struct image *image) {
  uint32_t block = 0, template = 0;
  for (uint32_t i = 0; i < image->intents_count; i++) {
    if (image->intents[i].first_block != block) return false;
    for (uint32_t last = block + image->intents[i].blocks; block < last; block++) {
      if (image->blocks[block].intent != i || image->blocks[block].first_template != template) return false;
      for (uint32_t end = template + image->blocks[block].templates; template <end; template ++) {
        if (image->templates[template].block != block) return false;
      }
    }
  }
  return block == image->blocks_count && template == image->templates_count;
}

/* Whether every record names only what is there. */
static bool image_good(const struct image *image) {
  if (image->text_count == 0 || image->text[image->text_count - 1] != '\0' || !good_settings(image)) return false;
  for (uint32_t i = 0; i < image->states_count; i++) {
    if (!good_state(image, i)) return false;
  }
  for (uint32_t i = 0; i < image->ranges_count; i++) {
    if (!good_range(image, &image->ranges[i])) return false;
  }
  for (uint32_t i = 0; i < image->slots_count; i++) {
    if (!is_text(image, image->slots[i], false)) return false;
  }
  for (uint32_t i = 0; i < image->scalars_count; i++) {
    if (!is_scalar(image, &image->scalars[i])) return false;
  }
#define EACH(name, good)                               \
  for (uint32_t i = 0; i < image->name##_count; i++) { \
    if (!good(image, &image->name[i])) return false;   \
  }
  EACH(holes, good_hole)
  EACH(lists, good_list)
  EACH(values, good_value)
  EACH(contexts, good_pair)
  EACH(fixed, good_pair)
  EACH(intents, good_intent)
  EACH(blocks, good_block)
  EACH(templates, good_template)
  EACH(conditions, good_condition)
  EACH(phrases, good_phrase)
  EACH(scopes, good_scope)
#undef EACH
  return good_order(image);
}

/* The header when it is one of ours, else why not. */
static const char *check_header(const char *bytes, size_t length, struct header *header) {
  if (length < sizeof *header || memcmp(bytes, magic, sizeof magic) != 0) return "is no file of compiled sentences";
  memcpy(header, bytes, sizeof *header);
  if (header->version != FILE_VERSION || header->byte_order != BYTE_ORDER_MARK || header->sections != SECTION_COUNT ||
      header->record_bytes != record_bytes())
    return "was compiled by another version or on another kind of machine: compile it again";
  if (header->size != length) return "is damaged: its length is not what it was: compile it again";
  unsigned char actual[DIGEST_BYTES];
  if (!digest(bytes + sizeof *header, length - sizeof *header, actual)) return "cannot be checked: SHA-256 is missing";
  if (memcmp(actual, header->digest, DIGEST_BYTES) != 0) return "is damaged: its checksum differs: compile it again";
  return NULL;
}

static struct image *image_load(const char *bytes, size_t length, const char **problem) {
  struct header header;
  uint32_t counts[SECTION_COUNT];
  *problem = check_header(bytes, length, &header);
  if (*problem) return NULL;
  *problem = "is damaged: its sections do not fit: compile it again";
  size_t at = sizeof header + aligned(sizeof counts);
  if (length < at) return NULL;
  memcpy(counts, bytes + sizeof header, sizeof counts);
  uint64_t wanted = at;
  unsigned index = 0;
#define SECTION(type, name) wanted += aligned64((uint64_t)counts[index++] * sizeof(type));
  IMAGE_SECTIONS(SECTION)
#undef SECTION
  if (wanted != length) return NULL;
  struct image *image = image_alloc(counts);
  if (!image) {
    *problem = "cannot be loaded: there is not enough memory";
    return NULL;
  }
  memcpy((char *)image + aligned(sizeof *image), bytes + at, length - at); /* sections lie in both in the same way */
  if (image_good(image)) return image;
  image_drop(image);
  return NULL;
}

sentences *sentences_load(const char *bytes, size_t length, const char **problem) {
  struct image *image = image_load(bytes, length, problem);
  if (!image) return NULL;
  sentences *compiled = sentences_new(image);
  if (!compiled) *problem = "cannot be loaded: there is not enough memory";
  return compiled;
}
