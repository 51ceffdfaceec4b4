// What every call to every service needs: who calls, for how long it waits, what a refusal says, and when to ask again.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import protobuf from "protobufjs";

// One try. Whoever waits for longer than a person would, waits for nothing.
const DEADLINE_MS = 5_000;
// All tries of one call together.
const PATIENCE_MS = 60_000;
export const LONGEST_PAUSE_MS = 5_000;
// The outcome is unknown or it was too much at once: the same request again. Anything else is an answer.
export const AGAIN = [grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED, grpc.status.RESOURCE_EXHAUSTED];

// The error details of every gRPC service (google/rpc/*.proto), as far as they are read here.
const details = protobuf.parse(
  `
  syntax = "proto3"; package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message BadRequest { repeated FieldViolation field_violations = 1;
    message FieldViolation { string field = 1; string description = 2; string reason = 3; } }
  message LocalizedMessage { string locale = 1; string message = 2; }
`,
  { keepCase: true },
).root;

/** The service said no. `reason` is stable and made to be compared; the sentences are made to be shown. */
export class Refused extends Error {
  readonly code: grpc.status;
  readonly reason: string = "";
  readonly metadata: Record<string, string> = {};
  readonly fields: Record<string, string> = {};
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
      } else if (name === "BadRequest") {
        for (const violation of read(name, detail.value).field_violations) this.fields[violation.field] = violation.reason;
      } else if (name === "LocalizedMessage") {
        const words = read(name, detail.value);
        this.sentences[words.locale] = words.message;
      }
    }
  }
}

export function bearer(token: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

/** The packages of a .proto file as it is now; the types are generated from the same file. */
export function load<T>(file: string): T {
  const loaded = loadSync(file, {
    includeDirs: [setting("XIAOAN_PROTO")],
    longs: String, // int64 is more than a number of JavaScript holds
    enums: String,
    defaults: true,
    oneofs: true,
  });
  return grpc.loadPackageDefinition(loaded) as unknown as T;
}

/** A client of "http://host:port", or with TLS of "https://host:port". */
export function connect<C>(
  Client: new (address: string, credentials: grpc.ChannelCredentials, options?: Partial<grpc.ChannelOptions>) => C,
  url: string,
): C {
  const { host, protocol } = new URL(url);
  const credentials = protocol === "https:" ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
  // A line that died without a word is noticed although nothing is sent on it.
  return new Client(host, credentials, {
    "grpc.keepalive_time_ms": 30_000,
    "grpc.max_reconnect_backoff_ms": LONGEST_PAUSE_MS,
  });
}

type Answered<A> = (error: grpc.ServiceError | null, answer?: A) => void;

/** Calls until there is an answer. A command is the same request each time, with the same request_id, so that it happens once however
 * often it is sent; a question changes nothing and needs none. */
export async function ask<A>(call: (options: grpc.CallOptions, answered: Answered<A>) => void): Promise<A> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = 100; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await new Promise<A>((resolve, reject) => {
        const deadline = new Date(Date.now() + DEADLINE_MS);
        call({ deadline }, (error, answer) => (error ? reject(new Refused(error)) : resolve(answer!)));
      });
    } catch (no) {
      if (!(no instanceof Refused) || !AGAIN.includes(no.code) || Date.now() > until) throw no;
    }
    await sleep(pause);
  }
}

/** A request_id that follows from a record of the own system (UUID version 5, RFC 9562): sent again tomorrow, after a crash, it is still
 * the same command. */
export function requestId(ownRecord: string): string {
  const urls = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");
  const id = createHash("sha1").update(urls).update(ownRecord).digest().subarray(0, 16);
  id[6] = (id[6]! & 0x0f) | 0x50;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set (README.md); ./run sets XIAOAN_PROTO`);
  return value;
}
