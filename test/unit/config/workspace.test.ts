import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadFiles, parseConfig } from '../../../src/config/load.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { renderConfig } from '../../../src/config/render.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-workspace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const EXAMPLE = join(import.meta.dirname, '../../../examples/workspaceConfig.json');

type Members = Record<string, unknown>;

interface Beside {
  /** YAML of our own file. */
  readonly own?: string;
  readonly allowUnserved?: boolean;
}

function load(workspace: unknown, { own, allowUnserved = false }: Beside = {}) {
  const files = { workspaceConfig: join(folder, 'w.json'), config: join(folder, 'own.yaml') };
  writeFileSync(files.workspaceConfig, typeof workspace === 'string' ? workspace : text(workspace));
  if (own !== undefined) writeFileSync(files.config, own);
  const { workspaceConfig, config } = files;
  return loadFiles({ workspaceConfig, allowUnserved, ...(own === undefined ? {} : { config }) }, {});
}

const text = (value: unknown) => JSON.stringify(value, null, 1);
const withoutFolder = (line: string) => line.replaceAll(`${folder}/`, '');

function good(workspace: unknown, beside?: Beside) {
  const loaded = load(workspace, beside);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return { ...loaded, warnings: loaded.warnings.map(withoutFolder) };
}

function problemsOf(workspace: unknown, beside?: Beside): string[] {
  const loaded = load(workspace, beside);
  return loaded.ok ? [] : loaded.problems.map(formatProblem).map(withoutFolder);
}

/** The lines without file and line number. */
const places = (lines: readonly string[]) => lines.map((line) => line.replace(/^[\w.]+:\d+: /, ''));

const CONFIG = { restApiKey: 'rest-key', dataCenter: 'EU-01' };

function braze(members: Members = {}, config: Members = {}): Members {
  return {
    id: 'd1',
    name: 'Braze',
    enabled: true,
    isProcessorEnabled: true,
    config: { ...CONFIG, ...config },
    destinationDefinition: { name: 'BRAZE', displayName: 'Braze' },
    ...members,
  };
}

function source(members: Members = {}): Members {
  return { id: 's1', name: 'Shop', writeKey: 'key-1', enabled: true, destinations: [braze()], ...members };
}

const workspace = (...sources: Members[]) => ({ workspaceId: 'w', sources });

describe('what is read', () => {
  test('sources with their keys, enabled or not, and the Braze destinations they deliver to', () => {
    const { config, warnings } = good(
      workspace(
        source({ destinations: [braze({ id: 'd1' }), braze({ id: 'd2' }, { dataCenter: ' us-10 ' })] }),
        source({
          id: 's2',
          writeKey: 'key-2',
          destinations: [braze({ id: 'd2' }, { dataCenter: ' us-10 ' })],
        }),
        source({ id: 's3', writeKey: 'key-3', enabled: false, destinations: [] }),
      ),
    );
    expect(config.sources).toEqual([
      { id: 's1', writeKeys: ['key-1'], enabled: true, destinations: ['d1', 'd2'] },
      { id: 's2', writeKeys: ['key-2'], enabled: true, destinations: ['d2'] },
      { id: 's3', writeKeys: ['key-3'], enabled: false, destinations: [] },
    ]);
    expect(config.destinations.map(({ id, restEndpoint, start }) => [id, restEndpoint, start])).toEqual([
      ['d1', 'https://rest.fra-01.braze.eu', 'end'],
      ['d2', 'https://rest.us-10.braze.com', 'end'],
    ]);
    expect(config.destinations[0]?.readRestApiKey()).toBe('rest-key');
    expect(config.http.port).toBe(8080);
    expect(warnings).toEqual([]);
  });

  test('settings keep their names; what RudderStack ignores in cloud mode is ignored without a word', () => {
    const config = {
      supportDedup: true,
      appKey: 'x',
      useNativeSDK: false,
      trackAnonymousUser: { web: true },
    };
    const { warnings, ...loaded } = good(
      workspace(source({ destinations: [braze({}, { ...config, enableNestedArrayOperations: null })] })),
    );
    expect(loaded.config.destinations[0]?.settings).toMatchObject({
      supportDedup: true,
      enableNestedArrayOperations: false,
    });
    expect(warnings).toEqual([]);
  });

  test("member names count without regard to case, as in Go, and the definition's name too", () => {
    const copy = {
      ID: 'd1',
      Enabled: true,
      IsProcessorEnabled: true,
      Config: CONFIG,
      DestinationDefinition: { Name: ' Braze ' },
    };
    const upper = { ID: 's1', WriteKey: 'key-1', ENABLED: true, Destinations: [copy] };
    const { config } = good({ Sources: [upper] });
    expect(config.sources).toEqual([{ id: 's1', writeKeys: ['key-1'], enabled: true, destinations: ['d1'] }]);
    expect(config.destinations).toHaveLength(1);
  });

  test.each([
    ['enabled', 'is disabled'],
    ['isProcessorEnabled', 'is switched off'],
  ])('a destination without %s is off, as RudderStack reads it, and that is said', (flag, expected) => {
    const two = [braze({ id: 'on' }), braze({ [flag]: undefined })];
    const { config, warnings } = good(workspace(source({ destinations: two })));
    expect(config.sources[0]?.destinations).toEqual(['on']);
    expect(places(warnings)).toEqual([
      expect.stringMatching(
        new RegExp(`^sources\\[0\\]\\.destinations\\[1\\]: not served: .*"d1".*${expected}`),
      ),
    ]);
  });

  test.each([
    [{ isConnectionEnabled: true }, ['d1']],
    [{ isConnectionEnabled: false }, []],
    [{ isProcessorEnabled: false }, []],
    [{ enabled: false }, []],
  ])('a source delivers to a destination whose copy says %j: %j', (members, delivered) => {
    const file = workspace(
      source({ destinations: [braze(members)] }),
      source({ id: 's2', writeKey: 'key-2' }),
    );
    expect(good(file).config.sources[0]?.destinations).toEqual(delivered);
  });

  test('a source without enabled is off', () => {
    const { config } = good(workspace(source({ enabled: undefined })));
    expect(config.sources[0]?.enabled).toBe(false);
  });

  test('connections add pairs and switch pairs off', () => {
    const file = {
      ...workspace(
        source({ destinations: [braze(), braze({ id: 'd3' })] }),
        source({ id: 's2', writeKey: 'key-2', destinations: [] }),
      ),
      destinations: [braze({ id: 'd2' })],
      connections: {
        a: { sourceId: 's1', destinationId: 'd1', enabled: true, processorEnabled: false },
        f: { sourceId: 's1', destinationId: 'd3', enabled: false },
        b: { sourceId: 's2', destinationId: 'd1', enabled: true, processorEnabled: true },
        c: { sourceId: 's2', destinationId: 'd2', enabled: true },
        d: { sourceId: 's1', destinationId: 'd2', enabled: true, processorEnabled: false },
        e: { sourceId: 's1', destinationId: 'nowhere', enabled: true },
      },
    };
    const { config, warnings } = good(file);
    expect(config.sources.map(({ destinations }) => destinations)).toEqual([[], ['d1', 'd2']]);
    expect(config.destinations.map(({ id }) => id)).toEqual(['d1', 'd3', 'd2']);
    expect(places(warnings)).toEqual([
      expect.stringMatching(/^sources\[0\]\.destinations: .*delivers to no destination/),
      expect.stringMatching(/^sources\[0\]\.destinations\[0\]: not served: .*switched off/),
      expect.stringMatching(/^sources\[0\]\.destinations\[1\]: not served: .*"d3" is switched off/),
      expect.stringMatching(/^connections\.e: not served: .*"nowhere"/),
    ]);
  });

  test('text that looks like a reference to the environment is only text', () => {
    const whitelistedEvents = [{ eventName: `\${HOME}` }];
    const { config } = good(workspace(source({ destinations: [braze({}, { whitelistedEvents })] })));
    expect(config.destinations[0]?.settings.whitelistedEvents).toEqual(whitelistedEvents);
  });

  test('the example is good', () => {
    const loaded = loadFiles({ workspaceConfig: EXAMPLE }, {});
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    expect(loaded.config.destinations.map(({ id }) => id)).toEqual(['2fBrazeEurope', '2fBrazeOrders']);
    expect(loaded.warnings).toEqual([expect.stringContaining('GA4')]);
  });
});

describe('problems', () => {
  test('all at once, each with file, line and its path in that file', () => {
    const file = workspace(
      source({ destinations: [braze({}, { dataCenter: 'EU-99', restApiKey: 'a b', supportDedup: 'x' })] }),
      source({ id: 'a b', writeKey: 'key-2', destinations: [] }),
    );
    const lineOf = (part: string) =>
      text(file)
        .split('\n')
        .findIndex((line) => line.includes(part)) + 1;
    expect(problemsOf(file)).toEqual([
      expect.stringContaining(
        `w.json:${lineOf('"a b"')}: sources[0].destinations[0].config.restApiKey: found`,
      ),
      expect.stringContaining(
        `w.json:${lineOf('EU-99')}: sources[0].destinations[0].config.dataCenter: found an unknown data centre`,
      ),
      expect.stringContaining('sources[0].destinations[0].config.supportDedup: found'),
      expect.stringContaining('sources[1].id: found "a b"'),
    ]);
  });

  test('no key and no data centre', () => {
    const problems = problemsOf(workspace(source({ destinations: [braze({ config: {} })] })));
    expect(places(problems)).toEqual([
      'sources[0].destinations[0]: found none of restEndpoint and dataCenter, expected exactly one',
      'sources[0].destinations[0]: found none of restApiKey and restApiKeyFile, expected exactly one',
    ]);
  });

  test('a write key that two sources have: both are named (RudderStack gives it to the last)', () => {
    const problems = problemsOf(workspace(source(), source({ id: 's2', name: 'App' })));
    expect(places(problems)).toEqual([
      'sources[1]: found the write key of sources[0] "Shop" again, expected one that nobody else has',
    ]);
  });

  test('one destination with differing settings: both copies are named, and our file can decide', () => {
    const file = workspace(
      source(),
      source({ id: 's2', writeKey: 'key-2', destinations: [braze({}, { restApiKey: 'hush' })] }),
    );
    const problems = problemsOf(file);
    expect(places(problems)).toEqual([
      expect.stringMatching(
        /^sources\[1\]\.destinations\[0\]\.config\.restApiKey: .*than sources\[0\]\.destinations\[0\]\.config\.restApiKey has/,
      ),
    ]);
    expect(problems.join()).not.toContain('hush');
    const own = 'destinations: [{ id: d1, restApiKey: decided }]';
    expect(good(file, { own }).config.destinations[0]?.readRestApiKey()).toBe('decided');
  });

  test('a copy that nothing is sent to may differ', () => {
    const other = braze({ isProcessorEnabled: false }, { supportDedup: true });
    const file = workspace(source({ destinations: [other] }), source({ id: 's2', writeKey: 'key-2' }));
    expect(good(file).config.destinations[0]?.settings.supportDedup).toBe(false);
  });

  test.each([
    [{ sources: {} }, 'sources: found a mapping, expected a list'],
    [{ sources: [1] }, 'sources[0]: found 1, expected a mapping'],
    [workspace(source({ enabled: 'yes' })), 'sources[0].enabled: found "yes", expected true or false'],
    [workspace(source({ destinations: [braze({ config: [] })] })), 'config: found an empty list'],
    [{ sources: [], connections: [] }, 'connections: found an empty list, expected a mapping'],
    [{}, 'found no source, expected at least one'],
    [workspace(source({ destinations: [] })), 'found no enabled destination of type BRAZE'],
    [[], 'found an empty list, expected a mapping'],
    ['{"a": hush}', 'not readable as JSON'],
  ])('%j', (file, expected) => {
    const problems = problemsOf(file).join('\n');
    expect(problems).toContain(expected);
    expect(problems).toMatch(/^w\.json:\d+: /);
    expect(problems).not.toContain('hush');
  });

  test('a file that is not there', () => {
    const loaded = loadFiles({ workspaceConfig: join(folder, 'absent.json') }, {});
    expect(loaded).toMatchObject({
      ok: false,
      problems: [{ line: null, message: 'cannot be read: no such file or folder' }],
    });
  });
});

describe('what is not served', () => {
  const served = (config: Members, members: Members = {}) =>
    workspace(source({ destinations: [braze(members, config)] }));
  const plan = (config: Members) =>
    workspace(source({ dgSourceTrackingPlanConfig: { trackingPlan: { id: 'tp' }, config } }));

  test.each<[string, unknown]>([
    ['transformations', served({}, { transformations: [{ id: 't', versionId: 'v' }] })],
    ['dgSourceTrackingPlanConfig', plan({ global: { unplannedProperties: 'drop' } })],
    ['dgSourceTrackingPlanConfig', plan({ track: { allowUnplannedEvents: 'false' } })],
    ['connectionMode', served({ connectionMode: 'hybrid' })],
    ['connectionMode', served({ connectionMode: { web: 'hybrid' } })],
    ['enableServerSideIdentify', served({ enableServerSideIdentify: false })],
  ])('%s changes what Braze is sent: refused, or with --allow-unserved said', (name, file) => {
    expect(places(problemsOf(file))).toEqual([
      expect.stringMatching(new RegExp(`${name}: not served: .*--allow-unserved`)),
    ]);
    const { warnings } = good(file, { allowUnserved: true });
    expect(places(warnings)).toEqual([expect.stringMatching(new RegExp(`${name}: not served: `))]);
    expect(warnings.join()).not.toContain('--allow-unserved');
  });

  test.each<[string, unknown]>([
    ['sources[0].transient', workspace(source({ transient: true }))],
    ['sources[0].geoEnrichment', workspace(source({ geoEnrichment: { enabled: true } }))],
    [
      'sources[0].sourceDefinition.category',
      workspace(source({ sourceDefinition: { category: 'warehouse' } })),
    ],
    ['sources[0].dgSourceTrackingPlanConfig', plan({ global: { unplannedProperties: 'forward' } })],
    [
      'settings.eventBlocking.events',
      { ...workspace(source()), settings: { eventBlocking: { events: { track: ['x'] } } } },
    ],
    [
      'settings.dataRetention',
      { ...workspace(source()), settings: { dataRetention: { retentionPeriod: '1' } } },
    ],
    ['libraries', { ...workspace(source()), libraries: [{ versionId: 'v' }] }],
    ['accounts', { ...workspace(source()), accounts: { a: {} } }],
    ['credentials', { ...workspace(source()), credentials: { a: {} } }],
    ['eventReplays', { ...workspace(source()), eventReplays: { a: {} } }],
    ['sources[0].destinations[0].config', served({ somethingNew: 1 })],
  ])('%s is said and served without', (path, file) => {
    expect(places(good(file).warnings)).toEqual([expect.stringContaining(`${path}: not served: `)]);
  });

  test('other types of destinations, by their ids; disabled ones of them are nobody', () => {
    const of = (id: string, name: string, enabled: boolean) =>
      braze({ id, enabled, transformations: [{}], destinationDefinition: { name } });
    const file = workspace(
      source({ destinations: [braze(), of('g', 'GA4', true), of('w', 'WEBHOOK', false)] }),
    );
    expect(places(good(file).warnings)).toEqual([
      'sources[0].destinations[1]: not served: destination "g" is of type GA4, only BRAZE is served: nothing is sent there',
    ]);
  });

  test('a tracking plan that was taken away, and a transformation of a switched off copy, refuse nothing', () => {
    const drops = { trackingPlan: { id: 'tp' }, config: { global: { x: 'drop' } }, deleted: true };
    const off = braze({ isProcessorEnabled: false, transformations: [{ id: 't' }] });
    const file = workspace(
      source({ dgSourceTrackingPlanConfig: drops }),
      source({ id: 's2', writeKey: 'key-2', destinations: [off] }),
    );
    expect(places(good(file).warnings)).toEqual([
      expect.stringContaining('sources[1].destinations: '),
      expect.stringContaining('switched off'),
    ]);
  });

  test('what concerns only sources and destinations that are off does not refuse the start', () => {
    const off = braze({ id: 'd2', enabled: false, transformations: [{}], config: {} });
    const file = workspace(
      source({ destinations: [braze(), off] }),
      source({ ...plan({ global: { x: 'drop' } }).sources[0], id: 's2', writeKey: 'key-2', enabled: false }),
    );
    expect(places(good(file).warnings)).toEqual([expect.stringContaining('destinations[1]: not served: ')]);
  });
});

describe('our own file beside it', () => {
  test('its http, admin and log apply', () => {
    const own = 'http: { port: 0 }\nadmin: { port: 0 }\nlog: { path: /var/lib/b }\n';
    const { config } = good(workspace(source()), { own });
    expect(config).toMatchObject({ http: { port: 0 }, admin: { port: 0 }, log: { path: '/var/lib/b' } });
  });

  test('entries of the same id override single keys, others are added', () => {
    const key = join(folder, 'key');
    writeFileSync(key, 'from-file\n');
    const own = `
sources:
  - { id: s1, writeKey: [old-key, new-key], destinations: [d1, mine] }
  - { id: s2, writeKey: key-2 }
destinations:
  - { id: d1, restEndpoint: "http://127.0.0.1:1", restApiKeyFile: ${key}, packing: perArray }
  - { id: mine, dataCenter: US-01, restApiKey: rest-key }
`;
    const file = workspace(source({ destinations: [braze({}, { supportDedup: true })] }));
    const { config, warnings } = good(file, { own });
    expect(config.sources).toEqual([
      { id: 's1', writeKeys: ['old-key', 'new-key'], enabled: true, destinations: ['d1', 'mine'] },
      { id: 's2', writeKeys: ['key-2'], enabled: true, destinations: null },
    ]);
    const [first, second] = config.destinations;
    expect(first).toMatchObject({
      restEndpoint: 'http://127.0.0.1:1',
      packing: 'perArray',
      settings: { supportDedup: true },
    });
    expect(first?.readRestApiKey()).toBe('from-file');
    expect(second).toMatchObject({ id: 'mine', restEndpoint: 'https://rest.iad-01.braze.com' });
    expect(warnings).toEqual([]);
  });

  test('a problem names the file that it stands in', () => {
    const own = `http: { prot: 1 }
destinations:
  - id: d1
    lingerMs: ten
  - { id: d1 }
sources:
  - { id: s2, writeKey: key-1 }
`;
    const problems = problemsOf(workspace(source({ destinations: [braze({}, { restApiKey: 'a b' })] })), {
      own,
    });
    expect(problems).toEqual([
      expect.stringMatching(/^own\.yaml:1: http\.prot: found an unknown key/),
      expect.stringMatching(/^own\.yaml:4: destinations\[0\]\.lingerMs: found "ten"/),
      expect.stringMatching(
        /^own\.yaml:5: destinations\[1\]\.id: found "d1", which destinations\[0\] of \S*own\.yaml has/,
      ),
      expect.stringMatching(/^own\.yaml:7: sources\[0\]: found the write key of sources\[0\] "Shop" again/),
      expect.stringMatching(/^w\.json:\d+: sources\[0\]\.destinations\[0\]\.config\.restApiKey: found/),
    ]);
  });

  test('an entry for a destination that is disabled in the workspace has no effect, which is said', () => {
    const file = workspace(source({ destinations: [braze(), braze({ id: 'd2', enabled: false })] }));
    const { config, warnings } = good(file, { own: 'destinations: [{ id: d2, packing: perArray }]' });
    expect(config.destinations.map(({ id }) => id)).toEqual(['d1']);
    expect(warnings).toContainEqual(expect.stringMatching(/^own\.yaml:1: destinations\[0\]: without effect/));
  });

  test('an id that it mistypes overrides nothing and is told, an added one that a source delivers to is good', () => {
    const added = 'destinations: [{ id: dd1, restEndpoint: "http://127.0.0.1:1", restApiKey: rest-key }]';
    expect(problemsOf(workspace(source()), { own: added })).toEqual([
      expect.stringMatching(/^own\.yaml:1: destinations\[0\]\.id: found "dd1", .*did you mean d1\?$/),
    ]);
    const own = `${added}\nsources: [{ id: s1, destinations: [d1, dd1] }]`;
    expect(good(workspace(source()), { own }).config.destinations.map(({ id }) => id)).toEqual(['d1', 'dd1']);
  });

  test.each(['sources: 1', 'destinations: [x]', '[]', 'a: [1'])('%j is told as such', (own) => {
    expect(problemsOf(workspace(source()), { own })).toEqual([expect.stringMatching(/^own\.yaml:\d+: /)]);
  });
});

test('what check prints is a configuration of ours that means the same, once the secrets are back', () => {
  const loaded = loadFiles({ workspaceConfig: EXAMPLE }, {});
  if (!loaded.ok) throw new Error('the example is not good');
  const printed = parse(renderConfig(loaded.effective));
  const { sources, destinations } = loaded.config;
  for (const [index, each] of printed.sources.entries()) each.writeKey = sources[index]?.writeKeys[0];
  for (const [index, each] of printed.destinations.entries())
    each.restApiKey = destinations[index]?.readRestApiKey();
  const again = parseConfig('printed.yaml', stringify(printed), {});
  if (!again.ok) throw new Error(again.problems.map(formatProblem).join('\n'));
  expect(JSON.stringify(again.config)).toBe(JSON.stringify(loaded.config));
});
