// Hands in an application to a squadron of volunteers as a team's own website should do it: the outcome of a send may be unknown, the
// applicant is recorded once. Addresses and the token come from the environment (README.md).

import * as grpc from "@grpc/grpc-js";
import type { ProtoGrpcType } from "../generated/volunteer_service.js";
import type { ReceiveApplicationRequest } from "../generated/xiaoan/volunteers/v1/ReceiveApplicationRequest.js";
import type { ReceiveApplicationResponse__Output as Received } from "../generated/xiaoan/volunteers/v1/ReceiveApplicationResponse.js";
import { Refused, ask, bearer, connect, load, requestId, setting } from "./call.js";

/** An application as it lies in the website's own records. The person is invented; a volunteer's id is never made of personal values. */
function application(ownRecord: string, changes: ReceiveApplicationRequest = {}): ReceiveApplicationRequest {
  return {
    requestId: requestId(`https://team.example/applications/${ownRecord}`),
    volunteerId: `team-${ownRecord}`,
    orgUnit: "371121010000",
    person: { name: "演示乙", idNumber: "371121199002280016" },
    birthDate: { year: 1990, month: 2, day: 28 },
    receivedOn: { year: 2026, month: 6, day: 10 },
    background: "VOLUNTEER_BACKGROUND_FOREST_RANGER",
    risksExplained: true,
    ...changes,
  };
}

const [record = "17"] = process.argv.slice(2);
const token = setting("XIAOAN_TOKEN");
const { xiaoan } = load<ProtoGrpcType>("xiaoan/volunteers/v1/volunteer_service.proto");
const volunteers = connect(xiaoan.volunteers.v1.VolunteerService, setting("XIAOAN_VOLUNTEERS_URL"));
const apply = (request: ReceiveApplicationRequest): Promise<Received> =>
  ask((options, answered) => volunteers.receiveApplication(request, bearer(token), options, answered));

const first = await apply(application(record));
console.log(`received ${first.volunteerId} at position ${first.receipt?.position}, etag ${first.receipt?.etag}`);
const again = await apply(application(record));
console.log(`sent again: ${again.volunteerId}, replayed ${again.receipt?.replayed}`);

for (const [what, request] of [
  ["an unknown unit", application("another", { orgUnit: "371199999999" })],
  ["the same request_id with another body", application(record, { background: "VOLUNTEER_BACKGROUND_VETERAN" })],
] as const) {
  try {
    await apply(request);
  } catch (no) {
    if (!(no instanceof Refused)) throw no;
    console.log(`${what}: ${grpc.status[no.code]} ${no.reason} ${JSON.stringify(no.fields)} ${no.sentences["zh-CN"]}`);
  }
}
volunteers.close();
