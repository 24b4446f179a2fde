/** Alerts, dashboard and pages speak of what there is: of metrics of the registry, and of one another. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Alert,
  alertNames,
  alerts,
  dashboardFile,
  knownSeries,
  pageNames,
  pageOf,
  panelsOf,
  ROOT,
} from './support/known.ts';
import { asked } from './support/promql.ts';
import { SEEN_LIVE } from './support/seen.ts';

/** What Prometheus, or the Prometheus operator, puts on every series. */
const SCRAPE_LABELS = ['namespace', 'job', 'instance', 'pod', 'le'];

const known = knownSeries();
const someLabels = new Set([...SCRAPE_LABELS, ...[...known.values()].flat()]);

/** What of an expression nobody can answer. */
function unknownIn(expr: string): string[] {
  const { metrics, grouping } = asked(expr);
  return [
    ...metrics.filter(({ name }) => !known.has(name)).map(({ name }) => `metric ${name}`),
    ...metrics.flatMap(({ name, labels }) =>
      labels
        .filter((label) => ![...SCRAPE_LABELS, ...(known.get(name) ?? [])].includes(label))
        .map((label) => `label ${label} of ${name}`),
    ),
    ...grouping.filter((label) => !someLabels.has(label)).map((label) => `label ${label}`),
  ];
}

describe('an expression', () => {
  it('with a metric or a label that does not exist is found', () => {
    expect(unknownIn('sum by (destination) (rate(brazier_events_total{outcome="x"}[5m])) > 0')).toEqual([]);
    expect(unknownIn('up == 0 and rate(brazier_evnts_total[5m]) > 0')).toEqual([
      'metric up',
      'metric brazier_evnts_total',
    ]);
    expect(unknownIn('sum by (colour) (brazier_events_total{source="x"})')).toEqual([
      'label source of brazier_events_total',
      'label colour',
    ]);
    expect(unknownIn('brazier_delivery_batch_size > 1')).toEqual(['metric brazier_delivery_batch_size']);
  });
});

describe('the alerts', () => {
  it.each(alerts().map(({ alert, labels, expr }) => [alert, labels.severity, expr]))(
    '%s (%s) asks only for what there is',
    (_name, _severity, expr) => expect(unknownIn(String(expr))).toEqual([]),
  );

  it.each(alertNames())('%s is of a known severity, says what and how much, and names its page', (name) => {
    for (const { labels, annotations } of alerts().filter(({ alert }) => alert === name)) {
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
      expect(annotations.description).toMatch(/\{\{ \$(value|labels\.\w+)/);
      expect(annotations.runbook_url).toBe(`docs/operate/alerts/${name}.md`);
    }
  });

  it('each have a page, and each page an alert', () => {
    expect(pageNames().toSorted()).toEqual(alertNames().toSorted());
  });
});

describe('the page of', () => {
  const SECTIONS = ['How to see it', 'What to do', 'When it ends', 'What not to do'];

  it.each(pageNames())(
    '%s says what it means, how to see it, what to do, when it ends and what not to do',
    (name) => {
      const [title = '', ...sections] = pageOf(name).split('\n## ');
      expect(title).toMatch(new RegExp(`^# ${name}\n\n\\S`));
      expect(sections.map((section) => section.split('\n')[0])).toEqual(SECTIONS);
      for (const section of sections) expect(section.split('\n').slice(1).join('').trim()).not.toBe('');
    },
  );

  it.each(pageNames())('%s says the severities and the threshold that the rules have', (name) => {
    const severities = alerts()
      .filter(({ alert }) => alert === name)
      .map(({ labels }) => labels.severity);
    const [, line = ''] = /^\*\*Severity\*\*: (.*)$/m.exec(pageOf(name)) ?? [];
    expect(
      ['critical', 'warning'].filter((severity) => line.toLowerCase().includes(severity)).sort(),
    ).toEqual(severities.toSorted());
  });

  it.each(pageNames())('%s names only metrics that there are', (name) => {
    const families = new Set([...known.keys()].map((each) => each.replace(/_(bucket|sum|count)$/, '')));
    const named = [...pageOf(name).matchAll(/\b(brazier_[a-z]+_[a-z_]+)\b/g)].map(
      ([, metric = '']) => metric,
    );
    expect(named.filter((metric) => !families.has(metric))).toEqual([]);
  });
});

describe('the pages', () => {
  const files = [...globSync('src/**/*.ts', { cwd: ROOT }), 'helm/brazier/values.yaml', 'docs/configure.md'];
  const source = [...files.map((file) => readFileSync(join(ROOT, file), 'utf8')), ...known.keys()].join('\n');
  /** Of Kafka, Kubernetes and systemd. */
  const OTHERS = ['container_cpu_cfs_throttled_periods_total', 'stabilizationWindowSeconds'];

  it.each(pageNames())('of %s say no setting, code or log line that there is not', (name) => {
    const quoted = [...pageOf(name).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
    const names = quoted.filter((text) => /^[a-z]+([._][A-Za-z]+|[A-Z][a-z]+)+$/.test(text));
    const lines = [...pageOf(name).matchAll(/\b[Ll]og lines? (?:after a kill: )?`([^`]+)`/g)].flatMap(
      ([, line = '']) => line.split(' … '),
    );
    const parts = names
      .flatMap((text) => [text.split('.').at(-1) ?? ''])
      .filter((text) => !OTHERS.includes(text));
    expect([...parts, ...lines].filter((text) => !source.includes(text))).toEqual([]);
  });
});

describe('docs/operate/metrics.md', () => {
  const page = readFileSync(join(ROOT, 'docs/operate/metrics.md'), 'utf8');

  it('lists every metric of its own, with its labels, and none that is not there', () => {
    const rows = [...page.matchAll(/^\| `(brazier_[a-z_]+)` \| \w+ \| ([^|]*) \|/gm)].map(
      ([, name = '', labels = '']) => [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)],
    );
    const own = [...known]
      .filter(([name]) => name.startsWith('brazier_') && !/_(sum|count)$/.test(name))
      .map(([name, labels]) => [name.replace(/_bucket$/, ''), labels.filter((label) => label !== 'le')]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(own));
  });
});

const severityOf = ({ labels }: Alert): string => labels.severity ?? '';
const waitOf = ({ for: wait }: Alert): string =>
  wait === undefined ? 'at once' : wait.replace(/m$/, ' min').replace(/h$/, ' h');
const seenBy = (each: Alert): string =>
  SEEN_LIVE.some(([name, severity]) => name === each.alert && severity === each.labels.severity)
    ? 'server'
    : 'series';

describe('docs/operate/metrics.md and the list of alerts', () => {
  it('answer questions by what there is', () => {
    const [, questions = ''] = readFileSync(join(ROOT, 'docs/operate/metrics.md'), 'utf8').split(
      '\n## Questions',
    );
    const exprs = [...questions.matchAll(/^\| [^`]* \| `([^`]+)` \|$/gm)].map(([, expr = '']) => expr);
    expect(exprs.length).toBeGreaterThan(3);
    for (const expr of exprs) expect(unknownIn(expr)).toEqual([]);
  });

  it('list every alert with its severities, what each waits for, and how it was seen firing', () => {
    const page = readFileSync(join(ROOT, 'docs/operate/alerts/README.md'), 'utf8');
    const listed = [
      ...page.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| ([\w, ]+) \| ([\w, ]+) \| .* \| ([\w, ]+) \|$/gm),
    ].map(([, ...cells]) => cells);
    const expected = alertNames().map((name) => {
      const own = alerts()
        .filter(({ alert }) => alert === name)
        .toSorted((one, other) => severityOf(one).localeCompare(severityOf(other)));
      const cell = (of: (alert: Alert) => string) => own.map(of).join(', ');
      return [name, name, cell(severityOf), cell(waitOf), cell(seenBy)];
    });
    expect(listed).toEqual(expected);
  });
});

describe('the dashboard', () => {
  const targets = panelsOf(dashboardFile()).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, expr]),
  );

  it.each(targets)('asks in «%s» only for what there is', (_title, expr = '') => {
    expect(unknownIn(expr)).toEqual([]);
  });

  it('asks in its variables and annotations only for what there is', () => {
    const { templating, annotations } = dashboardFile();
    const selectors = templating.list.flatMap(({ definition = '' }) =>
      [...definition.matchAll(/^label_values\((.*), (\w+)\)$/g)].map(
        ([, of = '', label = '']) => `sum by (${label}) (${of})`,
      ),
    );
    expect(selectors).toHaveLength(5);
    for (const expr of [...selectors, ...annotations.list.map(({ expr }) => expr)])
      expect(unknownIn(expr)).toEqual([]);
  });

  it('shows every metric of its own', () => {
    const shown = new Set(targets.flatMap(([, expr = '']) => asked(expr).metrics.map(({ name }) => name)));
    const families = [...known.keys()].filter(
      (name) => name.startsWith('brazier_') && !/_(sum|count)$/.test(name),
    );
    expect(families.filter((name) => !shown.has(name))).toEqual([]);
  });
});
