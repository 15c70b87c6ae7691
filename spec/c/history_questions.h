/*
 * history_questions: a history and a reader for tests of questions, and events of every kind to ask for.
 *
 * One at a time: questions_begin makes a new file in a new folder, questions_end waits until all is written.
 */
#ifndef INTENT_WEBHOOK_SPEC_HISTORY_QUESTIONS_H
#define INTENT_WEBHOOK_SPEC_HISTORY_QUESTIONS_H

#include "history.h"
#include "history_fixture.h"
#include "history_reader.h"

struct questions {
  const char *folder;
  char path[512];
  struct history *history;       /* NULL: closed */
  struct history_reader *reader; /* NULL: closed */
  struct endpoint *endpoint;     /* http://127.0.0.1:8080/hook */
  struct endpoint *other;        /* https://example.org/hook */
};
extern struct questions questions;

/* These return whether all went well. */
bool questions_begin(void);
bool questions_end(void);
bool questions_close_history(void);
bool questions_await_events(unsigned count);
bool questions_await_all(void); /* that was recorded */

/* A new event, with all its deliveries finished with that status; 0 leaves them pending. */
bool questions_record(const struct fixture_event *fields, int http_status);

/* The answer, or the error, in which the file's path reads FILE; in static memory. */
const char *questions_ask(const struct history_query *query);

/* What follows the key `before` wherever it occurs, up to a comma or bracket, separated by spaces; in static memory. */
const char *questions_all_of(const char *json, const char *before);

/* The seqs of the answer, separated by spaces; in static memory. */
const char *questions_seqs(const struct history_query *query);

/*
 * QUESTIONS_EVENTS events of every kind, in three spans, the times going back now and then, with none, one or two
 * deliveries in every status, some with "Needle" in one of the places where one searches.
 */
enum { QUESTIONS_EVENTS = 600 };
bool questions_record_mixture(void);
extern const char *const questions_intents[3], *const questions_sessions[3], *const questions_statuses[7];

/* What the query must give, by a plain statement over everything; its search is ASCII. */
const char *questions_expected(const struct history_query *query);

/* A connection that reads, to be closed with sqlite3_close. */
struct sqlite3 *questions_database(void);

/* Whether it would read a whole table, or sort; prints what if `print`. Tells also when the statement is wrong. */
bool questions_plan_is_bad(struct sqlite3 *database, const char *sql, bool print);

#endif
