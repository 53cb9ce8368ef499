// One service of the npm package `emulate` on a free port of 127.0.0.1, with a control port beside it.
//   argument:  {"service": "github" | "slack", "seed": {...}}
//   prints:    READY {"port": 1, "control": 2, "advertised": "http://localhost:1"}
//   control:   POST /reset starts the service anew on the same port: no state, no rate limit counters.
// The process ends when its standard input does, so it cannot outlive the test run.
import { once } from "node:events";
import { createServer } from "node:http";
import { createEmulator } from "emulate";

const { service, seed } = JSON.parse(process.argv[2]);
let emulator = await createEmulator({ service, seed, port: 0 });
const port = Number(new URL(emulator.url).port);

const control = createServer(async (request, response) => {
  if (request.method !== "POST" || request.url !== "/reset") {
    response.writeHead(404).end();
    return;
  }
  await emulator.close();
  emulator = await createEmulator({ service, seed, port });
  response.writeHead(204).end();
});
control.listen(0, "127.0.0.1");
await once(control, "listening");

process.stdin.on("end", () => process.exit(0)).resume();
console.log(`READY ${JSON.stringify({ port, control: control.address().port, advertised: emulator.url })}`);
