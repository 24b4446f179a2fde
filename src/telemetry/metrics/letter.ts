/** Metrics of the dead letters: written, held and dropped. */
import { Counter, Gauge, type Registry } from 'prom-client';

export function letterMetrics(registry: Registry) {
  const registers = [registry];
  return {
    deadLetters: new Counter({
      name: 'brazier_dead_letters_total',
      help: 'Dead letters written, by kind of rejection.',
      labelNames: ['destination', 'kind'],
      registers,
    }),
    letterCount: new Gauge({
      name: 'brazier_dead_letters',
      help: 'Dead letters in the store; destination is empty for those that ingest turned away.',
      labelNames: ['destination'],
      registers,
    }),
    letterBytes: new Gauge({
      name: 'brazier_dead_letters_bytes',
      help: 'What the dead letters hold; a part of brazier_log_bytes.',
      registers,
    }),
    letterMaxBytes: new Gauge({
      name: 'brazier_dead_letters_max_bytes',
      help: 'deadLetters.maxBytes: beyond it the oldest are dropped.',
      registers,
    }),
    letterOldestAge: new Gauge({
      name: 'brazier_dead_letters_oldest_age_seconds',
      help: 'Age of the oldest dead letter; 0 without letters.',
      registers,
    }),
    letterMaxAge: new Gauge({
      name: 'brazier_dead_letters_max_age_seconds',
      help: 'deadLetters.retainDays: older ones are dropped.',
      registers,
    }),
    lettersDropped: new Counter({
      name: 'brazier_dead_letters_dropped_total',
      help: 'Dead letters dropped by retention; reason is age or bytes.',
      labelNames: ['reason'],
      registers,
    }),
  };
}
