// Reads standings and follows their changes as a screen on a wall should do it: cut off at any moment, it goes on from the
// revision that it has shown. Addresses and the token come from the environment (README.md).

import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { ProtoGrpcType } from "../generated/rankings.js";
import type { GetStandingsResponse__Output as Standings } from "../generated/xiaoan/rankings/v1/GetStandingsResponse.js";
import type { RankingsServiceClient } from "../generated/xiaoan/rankings/v1/RankingsService.js";
import type { WatchStandingsResponse__Output as Change } from "../generated/xiaoan/rankings/v1/WatchStandingsResponse.js";

// One question. Whoever waits for longer than a person would, waits for nothing.
const DEADLINE_MS = 5_000;
const PATIENCE_MS = 60_000;
const LONGEST_PAUSE_MS = 5_000;
// Nobody has answered, or it was too much at once: ask again. Anything else is an answer.
const AGAIN = [grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED, grpc.status.RESOURCE_EXHAUSTED];

// The error details of every gRPC service (google/rpc/*.proto), as far as they are read here.
const details = protobuf.parse(
  `
  syntax = "proto3"; package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message LocalizedMessage { string locale = 1; string message = 2; }
`,
  { keepCase: true },
).root;

/** The service said no. `reason` is stable and made to be compared; the sentences are made to be shown. */
class Refused extends Error {
  readonly code: grpc.status;
  readonly reason: string = "";
  readonly metadata: Record<string, string> = {};
  readonly sentences: Record<string, string> = {};

  constructor(error: grpc.ServiceError) {
    super(`${grpc.status[error.code]}: ${error.details}`);
    this.code = error.code;
    const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
    if (!Buffer.isBuffer(bytes)) return;
    const read = (name: string, value: Uint8Array) => details.lookupType(`google.rpc.${name}`).decode(value) as any;
    for (const detail of read("Status", bytes).details) {
      const name = detail.type_url.split(".").pop();
      if (name === "ErrorInfo") {
        const info = read(name, detail.value);
        [this.reason, this.metadata] = [info.reason, info.metadata];
      } else if (name === "LocalizedMessage") {
        const words = read(name, detail.value);
        this.sentences[words.locale] = words.message;
      }
    }
  }
}

function bearer(token: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

/** A client of "http://host:port", or with TLS of "https://host:port", made from the .proto files as they are now. */
function connect(url: string, protos: string): RankingsServiceClient {
  const loaded = loadSync("xiaoan/rankings/v1/rankings.proto", {
    includeDirs: [protos],
    longs: String, // int64 is more than a number of JavaScript holds
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const { xiaoan } = grpc.loadPackageDefinition(loaded) as unknown as ProtoGrpcType;
  const { host, protocol } = new URL(url);
  const credentials = protocol === "https:" ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
  // A line that died without a word is noticed although nothing is sent on it.
  return new xiaoan.rankings.v1.RankingsService(host, credentials, {
    "grpc.keepalive_time_ms": 30_000,
    "grpc.max_reconnect_backoff_ms": LONGEST_PAUSE_MS,
  });
}

/** Asks for standings until there is an answer. A question changes nothing, so that it needs no request_id. */
async function standings(client: RankingsServiceClient, token: string, board: string, period: string): Promise<Standings> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = 100; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await new Promise<Standings>((resolve, reject) => {
        const deadline = new Date(Date.now() + DEADLINE_MS);
        client.getStandings({ board, period }, bearer(token), { deadline }, (error, answer) =>
          error ? reject(new Refused(error)) : resolve(answer!),
        );
      });
    } catch (no) {
      if (!(no instanceof Refused) || !AGAIN.includes(no.code) || Date.now() > until) throw no;
    }
    await sleep(pause);
  }
}

/** Standings of a later revision than `after`, again and again; `after` 0 begins with the present ones. Whatever ends the line, a
 * stopping server or a cable, it goes on behind the last revision that was taken. */
async function* watch(client: RankingsServiceClient, token: string, board: string, period: string, after: string) {
  let pause = 100;
  for (;;) {
    const line = client.watchStandings({ board, period, afterRevision: after }, bearer(token));
    try {
      for await (const { standings } of line as AsyncIterable<Change>) {
        if (!standings) continue;
        after = standings.revision;
        pause = 100;
        yield standings;
      }
    } catch (error) {
      const no = new Refused(error as grpc.ServiceError);
      if (!AGAIN.includes(no.code)) throw no;
      console.log(`line lost (${grpc.status[no.code]}), going on behind revision ${after}`);
    } finally {
      line.cancel();
    }
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function show(at: Standings) {
  for (const entry of at.entries.slice(0, 3)) {
    const values = entry.indicators.map((indicator) => `${indicator.id} ${indicator.display || "–"}`);
    console.log(`  ${entry.rank ?? "–"} ${entry.nameZh}  ${values.join("  ")}`);
  }
  const sources = at.sources.map((source) => `${source.source} at ${source.position}, ${source.lagEvents} behind`);
  console.log(`  from ${sources.join("; ")}`);
}

const [board = "theft-stations", period = "2026-06", changes = "0"] = process.argv.slice(2);
const { XIAOAN_RANKINGS_URL: url, XIAOAN_TOKEN: token, XIAOAN_PROTO: protos } = process.env;
if (!url || !token || !protos) throw new Error("XIAOAN_RANKINGS_URL and XIAOAN_TOKEN must be set; ./run sets XIAOAN_PROTO");
const client = connect(url, protos);

const now = await standings(client, token, board, period);
console.log(`${board} ${period}: ${now.entries.length} rows, revision ${now.revision}`);
show(now);

try {
  await standings(client, token, "no-such-board", period);
} catch (no) {
  if (!(no instanceof Refused)) throw no;
  console.log(`an unknown board: ${grpc.status[no.code]} ${no.reason} ${no.sentences["zh-CN"]}`);
}

let shown = "0";
for await (const first of watch(client, token, board, period, "0")) {
  shown = first.revision;
  break; // Here the line is cut …
}
console.log(`watching behind revision ${shown}`);
let left = Number(changes) || Infinity;
for await (const next of watch(client, token, board, period, shown)) {
  // … and this goes on behind what was shown.
  console.log(`changed: revision ${next.revision}`);
  show(next);
  if (--left === 0) break;
}
client.close();
