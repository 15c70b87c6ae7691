// node_agent: the same posts from Node with its own http client: keep-alive agent, 64 sockets, 64 in flight, the answer
// thrown away, nothing recorded. Prints requests a second.
//
//     node bench/node_agent.mjs URL COUNT

import http from "node:http";

const IN_FLIGHT = 64;
const BODY = '{"customer_name":"John Doe","appointment_date":"2026-03-15","phone":"+84901234567"}';

const [url, countText] = process.argv.slice(2);
const count = Number(countText);
if (!url || !(count > 0)) {
  console.error("usage: node_agent.mjs URL COUNT");
  process.exit(2);
}
const { hostname, port, pathname } = new URL(url);
const agent = new http.Agent({ keepAlive: true, maxSockets: IN_FLIGHT, maxFreeSockets: IN_FLIGHT });
const options = {
  agent, hostname, port, path: pathname, method: "POST",
  headers: {
    "Content-Type": "application/json",
    "User-Agent": "rag-go-intent-webhook/1.0",
    "Authorization": "Bearer abc123",
    "Content-Length": Buffer.byteLength(BODY),
  },
};

let toStart = count;
let finished = 0;
const start = process.hrtime.bigint();

function fail(reason) {
  console.error(`node_agent: ${reason}`);
  process.exit(1);
}

function post() {
  toStart--;
  const request = http.request(options, (response) => {
    if (response.statusCode < 200 || response.statusCode > 299) fail(`status ${response.statusCode}`);
    response.resume();
    response.on("end", () => {
      if (++finished === count) {
        const seconds = Number(process.hrtime.bigint() - start) / 1e9;
        console.log((count / seconds).toFixed(0));
        agent.destroy();
      } else if (toStart > 0) {
        post();
      }
    });
  });
  request.on("error", (error) => fail(error.message));
  request.end(BODY);
}

for (let i = 0; i < IN_FLIGHT && toStart > 0; i++) post();
