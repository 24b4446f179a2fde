// Takes what RudderStack's webhook destination posts, one event in each request, and hands it to Brazier (docs/rudderstack.md):
// WRITE_KEY=… BRAZIER=http://127.0.0.1:8080 PORT=9090 node examples/webhook-relay.mjs
import { createServer } from 'node:http';

const { BRAZIER = 'http://127.0.0.1:8080', WRITE_KEY, HOST = '127.0.0.1', PORT = '9090' } = process.env;
const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;
createServer(async (req, res) => {
  try {
    const event = Buffer.concat(await req.toArray()).toString();
    const body = `{"batch":[${event}]}`;
    const reply = await fetch(`${BRAZIER}/v1/batch`, { method: 'POST', headers: { authorization }, body });
    res.writeHead(reply.status).end(await reply.text());
  } catch {
    // RudderStack tries a 5xx again.
    res.writeHead(503).end();
  }
}).listen(Number(PORT), HOST, function ready() {
  process.stdout.write(`${HOST}:${this.address().port}\n`);
});
