/** The rules by the real promtool: they are valid, and each alert fires when it should and not when it should not. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { programPath } from '../../scripts/observability/prometheus.ts';
import { alertNames, alerts, RULES_FILE } from './support/known.ts';
import { isLacking } from './support/tools.ts';

const TESTS_FILE = join(import.meta.dirname, 'alerts.promtool.yaml');

/** Rejects with what it printed when it exits with another code than 0. */
async function promtool(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(programPath('promtool') ?? '', args, {
    cwd: dirname(TESTS_FILE),
    timeout: 240_000,
  });
  return stdout;
}

interface Check {
  readonly expr: string;
  readonly exp_samples: readonly { readonly labels: string }[];
}

/** `critical` or `warning` for each time that a severity of the alert is expected to fire, `none` where nothing is. */
function expectationsOf(name: string): Set<string> {
  const { tests } = parse(readFileSync(TESTS_FILE, 'utf8')) as {
    tests: readonly { promql_expr_test: readonly Check[] }[];
  };
  const checks = tests
    .flatMap(({ promql_expr_test = [] }) => promql_expr_test)
    .filter(({ expr }) => expr === `ALERTS{alertname="${name}", alertstate="firing"}`);
  return new Set(
    checks.flatMap(({ exp_samples }) =>
      exp_samples.length === 0
        ? ['none']
        : exp_samples.map(({ labels }) => /severity="(\w+)"/.exec(labels)?.[1] ?? ''),
    ),
  );
}

describe('promtool', () => {
  it.skipIf(isLacking)('takes the rules', async () => {
    expect(await promtool('check', 'rules', RULES_FILE)).toContain(`SUCCESS: ${alerts().length} rules found`);
  });

  it.skipIf(isLacking)(
    'sees each alert firing and not firing, as its tests say',
    { timeout: 270_000 },
    async () => {
      expect(await promtool('test', 'rules', TESTS_FILE)).toContain('SUCCESS');
    },
  );
});

describe('the tests of the rules', () => {
  it.each(alertNames())('have %s firing in each severity, and not firing', (name) => {
    const severities = alerts()
      .filter(({ alert }) => alert === name)
      .map(({ labels }) => labels.severity);
    const expected = expectationsOf(name);
    expect([...severities, 'none'].filter((each) => !expected.has(String(each)))).toEqual([]);
  });
});
