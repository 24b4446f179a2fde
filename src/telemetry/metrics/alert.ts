/** Metrics of the alert webhooks: whether those who are to be told hear of it. */
import { Counter, Gauge, type Registry } from 'prom-client';

export function alertMetrics(registry: Registry) {
  const registers = [registry];
  return {
    alertMessages: new Counter({
      name: 'brazier_alert_webhook_messages_total',
      help: 'Messages posted to a webhook of alerts; outcome is sent (answered with 2xx) or failed (tried again).',
      labelNames: ['webhook', 'outcome'],
      registers,
    }),
    alertsWaiting: new Gauge({
      name: 'brazier_alert_webhook_waiting',
      help: 'Messages that a webhook of alerts is still to be told.',
      labelNames: ['webhook'],
      registers,
    }),
  };
}
