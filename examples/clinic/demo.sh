#!/bin/sh
# Shows the main job: a receiver, a chat, the intents that fire, their webhooks, and one call in full from the history.
#
# Everything happens on loopback and in a temporary folder; what this starts, it stops, also when something fails.
# LUA, LUA_PATH and LUA_CPATH may say which Lua runs it; without them it takes the build of this folder.
set -eu
cd "$(dirname "$0")/../.."

LUA=${LUA:-lua5.4}
if [ -z "${LUA_PATH:-}" ]; then LUA_PATH="./lua/?.lua;;"; fi
if [ -z "${LUA_CPATH:-}" ]; then LUA_CPATH="./build/5.4/?.so;;"; fi
CLINIC_TOKEN=${CLINIC_TOKEN:-a-token-for-the-demo}
export LUA_PATH LUA_CPATH CLINIC_TOKEN

folder=$(mktemp -d)
receiver=""
clean_up() {
  if [ -n "$receiver" ]; then
    kill "$receiver" 2>/dev/null || true
    wait "$receiver" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

intent_webhook() {
  "$LUA" bin/intent-webhook "$@"
}

title() {
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then printf '\n\033[1;36m%s\033[0m\n' "$1"; else printf '\n%s\n' "$1"; fi
}

fail() {
  echo "demo: $1" >&2
  exit 1
}

# Waits until the receiver has printed such a line.
await_line() {
  tries=0
  until grep -q "$1" "$folder/received"; do
    kill -0 "$receiver" 2>/dev/null || fail "the receiver has ended: $(cat "$folder/trouble")"
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "the receiver does not get on"
    sleep 0.1
  done
}

title "1. A receiver, as it might stand in a clinic"
echo '$ intent-webhook listen --port 0 --body "{\"queued\":true}"'
# the interpreter itself and no function, so that $! is the process that is to be stopped
"$LUA" bin/intent-webhook listen --port 0 --body '{"queued":true}' >"$folder/received" 2>"$folder/trouble" &
receiver=$!
await_line '^listening on '
head -n 1 "$folder/received"
CLINIC_URL=$(sed -n '1s/^listening on \([^,]*\),.*/\1/p' "$folder/received")
export CLINIC_URL

title "2. A chat of several people, and what fires"
echo '$ intent-webhook run examples/clinic/intents.lua < examples/clinic/chat.jsonl'
intent_webhook run examples/clinic/intents.lua --history "$folder/history.db" \
  <examples/clinic/chat.jsonl >"$folder/results" || fail "not everything was delivered"
echo
"$LUA" examples/clinic/transcript.lua examples/clinic/chat.jsonl "$folder/results"

title "3. What the receiver printed for the first one"
await_line '^#2 ' # the first is complete then
sed -n '3,/^#2 /p' "$folder/received" | sed -e '/^#2 /d' -e '/./s/^/  /' -e '$d'

title "4. The history, newest first"
echo '$ intent-webhook history'
intent_webhook history --history "$folder/history.db"

title "5. One call in full: what was sent, and what came back; secrets are not kept"
id=$(intent_webhook history --history "$folder/history.db" --session web-john --json |
  sed -n '1s/.*"id":"\([^"]*\)".*/\1/p')
echo "\$ intent-webhook show $id"
intent_webhook show "$id" --history "$folder/history.db"
