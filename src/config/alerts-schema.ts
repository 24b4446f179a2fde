/** The part of the configuration's schema that describes alerts: whom to tell, and from when on. */
import { FILE, ID, type Schema, TEXT } from './schema-terms.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const webhook: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  oneOf: [{ required: ['url'] }, { required: ['urlFile'] }],
  properties: {
    id: { ...ID, description: 'Its name in metrics and log lines.', examples: ['on-call'] },
    url: {
      ...TEXT,
      secret: true,
      expects: 'an http or https address',
      description:
        "Where the messages are posted. It is kept secret: whoever has Slack's may write there. Exactly one of this and `urlFile`.",
      examples: [`\${SLACK_WEBHOOK_URL}`],
    },
    urlFile: {
      ...FILE,
      description: 'File with the address. It is read again for each message.',
      examples: ['/run/secrets/slack-webhook-url'],
    },
    form: {
      type: 'string',
      enum: ['json', 'slack'],
      default: 'json',
      description: "What a message looks like: Brazier's own body, or that of Slack's incoming webhooks.",
      examples: ['slack'],
    },
    minSeverity: {
      type: 'string',
      enum: ['warning', 'critical'],
      default: 'warning',
      description: 'The least severity that is told.',
      examples: ['critical'],
    },
    authorization: {
      ...TEXT,
      secret: true,
      pattern: '^[\\x20-\\x7e]+$',
      expects: 'the value of a header: printable characters',
      description:
        'Sent as the `authorization` header, e.g. a word `Bearer` and a token. At most one of this and `authorizationFile`.',
      examples: [`\${ON_CALL_AUTHORIZATION}`],
    },
    authorizationFile: {
      ...FILE,
      description: 'File with the value of that header. It is read again for each message.',
      examples: ['/run/secrets/on-call-authorization'],
    },
    signingKey: {
      ...TEXT,
      secret: true,
      description:
        'Signs each body in the header `x-brazier-signature` (HMAC-SHA256). At most one of this and `signingKeyFile`.',
      examples: [`\${ALERT_SIGNING_KEY}`],
    },
    signingKeyFile: {
      ...FILE,
      description: 'File with the signing key. It is read again for each message.',
      examples: ['/run/secrets/alert-signing-key'],
    },
  },
};

/** A whole number of milliseconds; 0 to 30 days unless said otherwise. */
function duration(least: number, fallback: number, description: string, example: number): Schema {
  return {
    type: 'integer',
    minimum: least,
    maximum: 30 * 24 * HOUR_MS,
    default: fallback,
    description,
    examples: [example],
  };
}

export const ALERTS: Schema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Whom to tell when something is wrong, for those who have no Prometheus.',
  properties: {
    webhooks: {
      type: 'array',
      default: [],
      items: webhook,
      expects: 'a list of webhooks',
      description: 'Where alerts are posted; without any, nothing is judged.',
    },
    name: {
      ...TEXT,
      default: 'brazier',
      description: "What this Brazier is called in messages, beside the host's name.",
      examples: ['brazier-production'],
    },
    runbookBaseUrl: {
      ...TEXT,
      pattern: '^https?://[^\\s<>|]+$',
      expects: 'an http or https address',
      description:
        'Where your people read the pages of the alerts: it is put before `docs/operate/alerts/….md`. Default: that path alone.',
      examples: ['https://git.example.com/brazier/blob/v0.1.0'],
    },
    holdMs: duration(
      0,
      MINUTE_MS,
      'How long a halt, a nearly full log or a nearly full disk must last before it is told.',
      30_000,
    ),
    nothingDeliveredMs: duration(
      1_000,
      15 * MINUTE_MS,
      'How long events may wait and come without one outcome before it is told.',
      600_000,
    ),
    deadLetters: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      default: 1,
      description:
        'So many dead letters of a destination within `deadLettersWindowMs` are a warning. One event in ten is critical, whatever stands here.',
      examples: [100],
    },
    deadLettersWindowMs: duration(
      1_000,
      30 * MINUTE_MS,
      'The time in which dead letters are counted.',
      3_600_000,
    ),
    diskFreeRatio: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.05,
      description:
        'The free share of the disk with the data folder below which it is told (embedded log); 0: never.',
      examples: [0.1],
    },
    resolveAfterMs: duration(
      0,
      2 * MINUTE_MS,
      'How long something must be well again before that is told: what comes and goes is told once.',
      300_000,
    ),
    repeatMs: duration(
      0,
      4 * HOUR_MS,
      'After so long an alert that goes on is told again; 0: never.',
      86_400_000,
    ),
    maxPerHour: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      default: 30,
      description:
        'Messages to one webhook in any hour at most; what is beyond waits, the most urgent goes first.',
      examples: [60],
    },
  },
};
