// Feishu's published SDK for Node as a client of the fake: what is asked for on standard input, one JSON object a line,
// and what became of it on standard output.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as lark from "@larksuiteoapi/node-sdk";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => {
  const { value, done } = await lines.next();
  return done ? undefined : JSON.parse(value);
};
const say = (said) => process.stdout.write(JSON.stringify(said) + "\n");

const { mode, url, app_id, app_secret, encrypt_key, verification_token, answer } = await next();
const app = { appId: app_id, appSecret: app_secret, domain: url, loggerLevel: lark.LoggerLevel.error };

async function callApi() {
  const client = new lark.Client(app);
  const { chat, card, changed } = await next();
  const content = JSON.stringify(card);
  const made = await client.im.message.create({
    params: { receive_id_type: "chat_id" },
    data: { receive_id: chat, msg_type: "interactive", content, uuid: "a-uuid" },
  });
  const message_id = made.data.message_id;
  const replied = await client.im.message.reply({
    path: { message_id },
    data: { msg_type: "text", content: JSON.stringify({ text: "below" }), reply_in_thread: true },
  });
  await client.im.message.patch({ path: { message_id }, data: { content: JSON.stringify(changed) } });
  const uploaded = await client.im.file.create({
    data: { file_type: "stream", file_name: "digest.md", file: Buffer.from("# Digest") },
  });
  const sent = await client.im.message.create({
    params: { receive_id_type: "chat_id" },
    data: { receive_id: chat, msg_type: "file", content: JSON.stringify({ file_key: uploaded.file_key }) },
  });
  const about = await client.im.chat.get({ path: { chat_id: chat } });
  const members = await client.im.chatMembers.get({ path: { chat_id: chat } });
  say({ made, replied, sent, about, members });
}

// The SDK turns the pages itself.
async function readHistory() {
  const client = new lark.Client(app);
  const { chat, since, until, order, size } = await next();
  const params = {
    container_id_type: "chat",
    container_id: chat,
    start_time: since,
    end_time: until,
    sort_type: order,
    page_size: size,
    card_msg_content_type: "user_card_content",
  };
  const items = [];
  for await (const page of await client.im.message.listWithIterator({ params })) items.push(...(page?.items ?? []));
  say(items);
}

function dispatcher() {
  const tell = (kind) => (event) => say({ kind, event });
  return new lark.EventDispatcher({
    encryptKey: encrypt_key,
    verificationToken: verification_token,
    loggerLevel: lark.LoggerLevel.error,
  }).register({
    "im.message.receive_v1": tell("message"),
    "im.chat.member.bot.added_v1": tell("added"),
    "card.action.trigger": (event) => {
      say({ kind: "click", event });
      return answer;
    },
  });
}

async function untilTheEnd() {
  while (await next());
  process.exit(0);
}

switch (mode) {
  case "api":
    await callApi();
    break;
  case "history":
    await readHistory();
    break;
  case "long connection":
    await new lark.WSClient(app).start({ eventDispatcher: dispatcher() });
    await untilTheEnd();
    break;
  case "webhook": {
    const server = createServer(lark.adaptDefault("/events", dispatcher(), { autoChallenge: true }));
    server.listen(0, "127.0.0.1", () => say({ url: `http://127.0.0.1:${server.address().port}/events` }));
    await untilTheEnd();
    break;
  }
}
