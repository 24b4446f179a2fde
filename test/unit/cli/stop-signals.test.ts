import { expect, it, vi } from 'vitest';
import { createStopSignals } from '../../../src/cli/stop-signals.ts';

function rig() {
  const clock = { ms: 1_000 };
  const stop = vi.fn();
  const abort = vi.fn();
  return { clock, stop, abort, onSignal: createStopSignals({ stop, abort, now: () => clock.ms }) };
}

it('one Ctrl-C that the terminal and npm both pass on stops in peace', () => {
  const { clock, stop, abort, onSignal } = rig();
  onSignal('SIGINT');
  clock.ms += 5;
  onSignal('SIGINT');
  expect(stop).toHaveBeenCalledTimes(1);
  expect(abort).not.toHaveBeenCalled();
});

it('a second Ctrl-C ends at once', () => {
  const { clock, stop, abort, onSignal } = rig();
  onSignal('SIGINT');
  clock.ms += 500;
  onSignal('SIGINT');
  expect(stop).toHaveBeenCalledTimes(1);
  expect(abort).toHaveBeenCalledTimes(1);
});

it('a second SIGTERM ends at once, however soon it comes', () => {
  const { stop, abort, onSignal } = rig();
  onSignal('SIGTERM');
  onSignal('SIGTERM');
  expect(stop).toHaveBeenCalledTimes(1);
  expect(abort).toHaveBeenCalledTimes(1);
});
