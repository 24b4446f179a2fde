import { describe, expect, it } from 'vitest';
import { createWindow } from '../../../src/pipeline/window.ts';

const never = new AbortController().signal;

describe('window', () => {
  it('is full by records or by bytes, whichever comes first', () => {
    const byRecords = createWindow({ records: 2, bytes: 1_000 });
    byRecords.add(1);
    expect(byRecords.isFull()).toBe(false);
    byRecords.add(1);
    expect(byRecords.isFull()).toBe(true);
    const byBytes = createWindow({ records: 100, bytes: 10 });
    byBytes.add(10);
    expect(byBytes.isFull()).toBe(true);
  });

  it('lets a record larger than itself in when it is empty, so that none is stuck', () => {
    const window = createWindow({ records: 2, bytes: 10 });
    expect(window.isFull()).toBe(false);
    window.add(1_000);
    window.release(1_000);
    expect(window.isFull()).toBe(false);
  });

  it('wakes those who wait with the next record that is settled, or when told to, not before', async () => {
    const window = createWindow({ records: 2, bytes: 100 });
    for (const bytes of [90, 50]) window.add(bytes);
    let isAwake = false;
    const released = window.released(never).then(() => {
      isAwake = true;
    });
    window.add(1);
    await Promise.resolve();
    expect(isAwake).toBe(false);
    window.release(20);
    await released;
    const again = window.released(never);
    window.wake();
    await again;
  });

  it('an abort ends the waiting, leaves no listener behind and spoils nothing for the next', async () => {
    const window = createWindow({ records: 1, bytes: 100 });
    window.add(1);
    const stopping = new AbortController();
    const waiting = window.released(stopping.signal);
    stopping.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    await expect(window.released(stopping.signal)).rejects.toThrow('stop');
    const released = window.released(never);
    window.release(1);
    await released;
  });
});
