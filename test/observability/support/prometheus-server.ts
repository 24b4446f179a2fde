/** The real Prometheus on a free loopback port, with a folder of its own, that scrapes one address each second. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programPath } from '../../../scripts/observability/prometheus.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PrometheusServer {
  /** The `data` of an answer of its HTTP API; rejects with its error. */
  api<Data>(path: string): Promise<Data>;
  query(expr: string): Promise<Sample[]>;
  close(): Promise<void>;
}

export interface PrometheusOptions {
  /** Host and port with the metrics. */
  readonly target: string;
  readonly rulesFile: string;
}

const LABELS = { job: 'brazier-admin', namespace: 'events' };

/** Resolves when it can be asked. */
export async function startPrometheus({ target, rulesFile }: PrometheusOptions): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s', scrape_timeout: '1s' },
    rule_files: [rulesFile],
    scrape_configs: [
      {
        job_name: LABELS.job,
        static_configs: [{ targets: [target], labels: { namespace: LABELS.namespace } }],
      },
    ],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    programPath('prometheus') ?? '',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const onExit = () => child.kill('SIGKILL');
  process.on('exit', onExit);
  const exited = new Promise((resolve) => child.on('close', resolve));
  const { promise: listening, resolve, reject } = Promise.withResolvers<string>();
  let said = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    said += `${line}\n`;
    const [, address] = /msg="Listening on" address=(\S+)/.exec(line) ?? [];
    if (address !== undefined) resolve(`http://${address}`);
  });
  exited.then((code) => reject(new Error(`prometheus ended with ${code}: ${said}`)));
  const url = await listening;
  return {
    api: (path) => ask(`${url}/api/v1/${path}`),
    async query(expr) {
      const { result } = await ask<{
        result: readonly { metric: Sample['metric']; value: [number, string] }[];
      }>(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async close() {
      process.off('exit', onExit);
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ask<Data>(url: string): Promise<Data> {
  const body = (await (await fetch(url)).json()) as { status: string; data: Data; error?: string };
  if (body.status !== 'success') throw new Error(`${body.error}: ${url}`);
  return body.data;
}
