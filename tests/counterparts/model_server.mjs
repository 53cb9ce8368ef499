// The npm package `@copilotkit/aimock` on a free port of 127.0.0.1, answering as an OpenAI-compatible server.
//   argument:  the one API key it accepts, for its control interface too
//   prints:    READY {"port": 1}
//   control:   aimock's own, under /__aimock/: fixtures, error, chaos, journal, reset.
// The process ends when its standard input does, so it cannot outlive the test run.
import { LLMock } from "@copilotkit/aimock";

const [apiKey] = process.argv.slice(2);
const mock = new LLMock({ host: "127.0.0.1", port: 0, journalMaxEntries: 0, logLevel: "warn", auth: { apiKeys: [apiKey] } });
await mock.start();

process.stdin.on("end", () => process.exit(0)).resume();
console.log(`READY ${JSON.stringify({ port: mock.port })}`);
