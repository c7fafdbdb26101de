// The messages between this page and its session on the server.

const token = new URLSearchParams(location.search).get("token") ?? "";
let session = null;

export class Refused extends Error {}

async function post(path, message, options = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Token": token },
    body: JSON.stringify({ session, ...message }),
    ...options,
  });
  if (!answer.ok) throw new Refused((await answer.json()).error);
  return answer;
}

export async function open(hash) {
  const told = await (await post("session", { hash })).json();
  session = told.session;
  return told;
}

export const control = async (action, values = {}) => (await post("control", { action, ...values })).json();

export function close() {
  if (session) post("close", {}, { keepalive: true }).catch(() => {});
}

// A frame: length of the head, head in JSON, parameters in float32, a map of 100 x 100, that of a
// rival if there is one, and small maps.
export async function frame(wanted, nParameters) {
  const data = await (await post("frame", wanted)).arrayBuffer();
  const length = new DataView(data).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  const maps = 4 + length + 4 * nParameters;
  return {
    ...head,
    parameters: new Float32Array(data, 4 + length, nParameters),
    large: new Uint8Array(data, maps, 10000),
    rivalMap: head.rival && new Uint8Array(data, maps + 10000, 10000),
    small: new Uint8Array(data, maps + (head.rival ? 20000 : 10000)),
  };
}
