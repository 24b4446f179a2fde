// What `helm test` asks of a release: it is healthy, refuses a wrong key, and takes an event of which nothing goes to Braze.
import { readFileSync } from 'node:fs';

const { HTTP_URL, ADMIN_URL, WRITE_KEY_FILE } = process.env;

// Rejected everywhere before anything is sent, so that it may be run against a system that is in use.
const EVENT = { userId: 'helm-test', event: 'Helm Test', integrations: { All: false } };

/** Asks until the answer is the wanted one, for half a minute: a Service may be younger than its pods. */
async function expectStatus(wanted, url, options) {
  let found;
  for (let attempt = 0; attempt < 30; attempt += 1) {
    try {
      const response = await fetch(url, { ...options, signal: AbortSignal.timeout(5000) });
      found = response.status;
      const text = await response.text();
      if (found === wanted) return text;
    } catch (error) {
      found = error.cause?.code ?? error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error(`${options?.method ?? 'GET'} ${url}: found ${found}, expected ${wanted}`);
}

function track(writeKey) {
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  return { method: 'POST', headers: { authorization }, body: JSON.stringify(EVENT) };
}

await expectStatus(200, `${ADMIN_URL}/health/ready`);
const metrics = await expectStatus(200, `${ADMIN_URL}/metrics`);
if (!metrics.includes('brazier_build_info')) throw new Error(`${ADMIN_URL}/metrics: no brazier_build_info`);
await expectStatus(200, `${HTTP_URL}/health`);
await expectStatus(401, `${HTTP_URL}/v1/track`, track('no-such-key'));
if (WRITE_KEY_FILE) {
  const key = readFileSync(WRITE_KEY_FILE, 'utf8').trim();
  const answer = await expectStatus(200, `${HTTP_URL}/v1/track`, track(key));
  process.stdout.write(`accepted: ${answer}\n`);
} else {
  process.stdout.write('the write key is in no Secret: no event was sent\n');
}
process.stdout.write('ok\n');
