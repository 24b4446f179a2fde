/** Every values file of ci/ with the real Helms: it lints without a warning, renders the same with both, and what it renders is valid. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CI_NAMES,
  ciFile,
  lint,
  objectsOf,
  type Rendered,
  render,
  template,
} from '../../scripts/helm/render.ts';
import { HELM_VERSIONS, KUBERNETES_MINORS } from '../../scripts/helm/tools.ts';
import { idOf } from '../../scripts/helm/upgrade.ts';
import { type Check, createCheck } from './support/kubernetes.ts';
import { rendered } from './support/rendered.ts';
import { lacking } from './support/tools.ts';

const [HELM_3, HELM_4] = HELM_VERSIONS;
describe.skipIf(lacking !== '')('a values file', () => {
  describe.each(HELM_VERSIONS)('with Helm %s', (version) => {
    it.each(CI_NAMES)('lints strictly: %s', (name) => {
      const { ok, stdout, stderr } = lint(version, ciFile(name));
      expect(ok, `${stdout}${stderr}`).toBe(true);
    });
  });

  it.each(CI_NAMES)('renders the same with both Helms: %s', (name) => {
    expect(render(HELM_3, name)).toEqual(rendered(name));
  });

  it.each(CI_NAMES)(
    'renders what is committed (else: node scripts/helm.ts, and read the difference): %s',
    (name) => {
      const committed = readFileSync(join(import.meta.dirname, 'rendered', `${name}.yaml`), 'utf8');
      expect(rendered(name)).toEqual(objectsOf(committed));
    },
  );

  it.each(CI_NAMES)('renders no object twice: %s', (name) => {
    const ids = rendered(name).map(idOf);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('renders the same at every time: nothing random, no date', () => {
    expect(template(HELM_4, [ciFile('full')]).stdout).toBe(template(HELM_4, [ciFile('full')]).stdout);
  });
});

describe.skipIf(lacking !== '')('what is rendered', () => {
  describe.each(KUBERNETES_MINORS)('is valid strictly for Kubernetes %s', (minor) => {
    let check: Check | undefined;
    it.each(CI_NAMES)('%s', async (name) => {
      check ??= createCheck(minor);
      for (const object of rendered(name)) expect(await check(object), idOf(object)).toEqual([]);
    });

    it('and would not be with a key that Kubernetes does not know', async () => {
      check ??= createCheck(minor);
      const [first] = rendered('default').filter(({ kind }) => kind === 'StatefulSet');
      const text = JSON.stringify(first).replace(
        '"terminationGracePeriodSeconds"',
        '"terminationGraceSeconds"',
      );
      expect(await check(JSON.parse(text))).toEqual([expect.stringContaining('terminationGraceSeconds')]);
    });
  });

  it("is checked by the operators' definitions too: what must be there, types, and keys that nobody knows", async () => {
    const check = createCheck(KUBERNETES_MINORS[3]);
    const scaled = rendered('keda').find(({ kind }) => kind === 'ScaledObject') as Rendered;
    const spec = scaled.spec as Readonly<Record<string, unknown>>;
    const { scaleTargetRef, ...rest } = spec;
    expect(scaleTargetRef).toBeDefined();
    expect(await check({ ...scaled, spec: rest })).toEqual([expect.stringContaining('scaleTargetRef')]);
    expect(await check({ ...scaled, spec: { ...spec, pollingInterval: '15' } })).not.toEqual([]);
    const triggers = [{ type: 'kafka', metadata: {}, authentication: {} }];
    expect(await check({ ...scaled, spec: { ...spec, triggers, minReplicas: 1 } })).toEqual([
      '/spec/triggers/0/authentication is not known',
      '/spec/minReplicas is not known',
    ]);
  });
});
