import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../../src/alerts/forms.ts';
import { HALTED, TELLER } from './support.ts';

const AT = Date.UTC(2026, 10, 22, 23, 0, 0);
const alert = { ...HALTED, since: AT - 60_000 };
const json = (said: Parameters<typeof bodyOf>[1], teller = TELLER) =>
  JSON.parse(bodyOf('json', said, teller, AT));
const slack = (said: Parameters<typeof bodyOf>[1], teller = TELLER) =>
  JSON.parse(bodyOf('slack', said, teller, AT));

describe('the form json', () => {
  it('says what, how bad, of whom, since when, what to do first and where the rest stands', () => {
    expect(json({ state: 'firing', alert, reminder: 0 })).toEqual({
      version: 1,
      id: 'BrazierDestinationHalted/critical/braze/host-1/2026-11-22T22:59:00.000Z',
      state: 'firing',
      alert: 'BrazierDestinationHalted',
      severity: 'critical',
      destination: 'braze',
      code: 'key_refused',
      since: '2026-11-22T22:59:00.000Z',
      at: '2026-11-22T23:00:00.000Z',
      reminder: 0,
      summary: 'Braze takes nothing for braze',
      action: expect.stringContaining('brazier check --connect'),
      runbook: 'https://wiki.example.com/alerts/BrazierDestinationHalted.md',
      brazier: { name: 'brazier', instance: 'host-1', role: 'all', version: '1.2.3' },
    });
  });

  it('has the same id while it fires, when it is told again and when it is over', () => {
    const firing = json({ state: 'firing', alert, reminder: 0 });
    expect(json({ state: 'firing', alert: { ...alert, summary: 'x' }, reminder: 3 })).toMatchObject({
      id: firing.id,
      reminder: 3,
    });
    expect(json({ state: 'resolved', alert, reminder: 0 })).toMatchObject({
      id: firing.id,
      state: 'resolved',
    });
  });

  it('has the same members for a test, and says that it is one', () => {
    const test = json({ state: 'test' });
    expect(test).toMatchObject({ state: 'test', alert: null, severity: null });
    expect(Object.keys(test).sort()).toEqual(
      Object.keys(json({ state: 'firing', alert, reminder: 0 })).sort(),
    );
  });
});

describe("Slack's form", () => {
  it('has a text for notifications, and blocks with what to do and a link', () => {
    const { text, blocks } = slack({ state: 'firing', alert, reminder: 0 });
    expect(text).toContain('BrazierDestinationHalted: Braze takes nothing for braze (brazier on host-1)');
    expect(blocks[0].text.text).toContain('*First:* brazier check --connect');
    expect(blocks[1].elements[0].text).toContain(
      '<https://wiki.example.com/alerts/BrazierDestinationHalted.md|what to do>',
    );
  });

  it('says when it still fires, when it is over, and when it is a test', () => {
    expect(slack({ state: 'firing', alert, reminder: 2 }).text).toContain('BrazierDestinationHalted (still)');
    const over = slack({ state: 'resolved', alert, reminder: 0 });
    expect(over.text).toContain('Over: BrazierDestinationHalted');
    expect(JSON.stringify(over)).not.toContain('First:');
    expect(slack({ state: 'test' }).text).toContain('A test');
  });

  it('escapes what Slack would take for its own marks', () => {
    const evil = { ...alert, summary: '<!channel> & <https://evil.example.com|x>' };
    const body = slack({ state: 'firing', alert: evil, reminder: 0 }, { ...TELLER, name: '<@U1>' });
    expect(body.text).toContain('&lt;!channel&gt; &amp; &lt;https');
    expect(JSON.stringify(body)).not.toMatch(/<!|<@|<https:\/\/evil/);
  });

  it('names the path of the page where there is no address of it', () => {
    const body = slack(
      { state: 'firing', alert, reminder: 0 },
      { ...TELLER, runbooks: 'docs/operate/alerts/' },
    );
    expect(body.blocks[1].elements[0].text).toContain('docs/operate/alerts/BrazierDestinationHalted.md');
  });
});
