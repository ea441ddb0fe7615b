// A receiver of Standard Webhooks as its own library makes one. Tells its port, then each verdict.
//     node webhooks_receiver.mjs FOLDER_OF_NODE_MODULES SECRET
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [folder, secret] = process.argv.slice(2);
const { Webhook } = createRequire(folder + "/")("standardwebhooks");
const webhook = new Webhook(secret);

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const id = request.headers["webhook-id"];
    try {
      const body = webhook.verify(Buffer.concat(parts).toString(), request.headers);
      console.log(JSON.stringify({ id, body }));
      response.writeHead(204).end();
    } catch (error) {
      console.log(JSON.stringify({ id, error: error.message }));
      response.writeHead(400).end();
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
