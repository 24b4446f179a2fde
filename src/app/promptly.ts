/** For what must go on while brokers are away or a disk hangs: an answer by then, or another one. */

/** Prometheus waits 10 s for a scrape by default. */
const WITHIN_MS = 3_000;

/** What was asked, or `otherwise` when it fails or is not there within 3 s. Never rejects. */
export async function promptly<Value>(asked: Promise<Value>, otherwise: Value): Promise<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>();
  const timer = setTimeout(resolve, WITHIN_MS, otherwise);
  const answer = await Promise.race([asked.catch(() => otherwise), promise]);
  clearTimeout(timer);
  return answer;
}
