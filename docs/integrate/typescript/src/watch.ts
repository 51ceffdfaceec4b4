// Reads standings and follows their changes as a screen on a wall should do it: cut off at any moment, it goes on from the
// revision that it has shown. Addresses and the token come from the environment (README.md).

import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import type { ProtoGrpcType } from "../generated/rankings.js";
import type { GetStandingsResponse__Output as Standings } from "../generated/xiaoan/rankings/v1/GetStandingsResponse.js";
import type { RankingsServiceClient } from "../generated/xiaoan/rankings/v1/RankingsService.js";
import type { WatchStandingsResponse__Output as Change } from "../generated/xiaoan/rankings/v1/WatchStandingsResponse.js";
import { AGAIN, LONGEST_PAUSE_MS, Refused, ask, bearer, connect, load, setting } from "./call.js";

function standings(client: RankingsServiceClient, token: string, board: string, period: string): Promise<Standings> {
  return ask((options, answered) => client.getStandings({ board, period }, bearer(token), options, answered));
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
const token = setting("XIAOAN_TOKEN");
const { xiaoan } = load<ProtoGrpcType>("xiaoan/rankings/v1/rankings.proto");
const client = connect(xiaoan.rankings.v1.RankingsService, setting("XIAOAN_RANKINGS_URL"));

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
