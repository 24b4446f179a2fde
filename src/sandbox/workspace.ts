/** What a Braze workspace is set to, and what the sandbox assumes where Braze documents nothing. Pure data, read once. */

/**
 * What Braze does not document, by name: what the sandbox does, first its default. Each is a guess that may be wrong,
 * so each can be turned round.
 */
export const ASSUMPTIONS = {
  /** What a 401 says: `Invalid API key: <key>`, or `Invalid API Key`. */
  invalidKeyText: ['named', 'short'],
  /** Requests with a body whose Content-Type is not JSON: 415 where it is demanded. */
  contentTypes: ['any', 'json'],
  /** An email or phone in identify, merge and delete that does not say which of several users it means. */
  missingPrioritization: ['refused', 'accepted'],
  /** An event whose name is over 255 characters. */
  longEventNames: ['accepted', 'refused'],
  /** An object that has a property without a name, with one over 255 characters, or with a leading dollar sign. */
  badPropertyNames: ['refused', 'accepted'],
  /** An event or purchase with an `app_id` that is not one of the workspace's. */
  unknownAppIds: ['accepted', 'refused'],
  /** `eur` for `EUR`. */
  lowerCaseCurrencies: ['accepted', 'refused'],
  /** An event named `ecommerce.…` that is none of Braze's six. */
  unknownEcommerceEvents: ['accepted', 'refused'],
  /** A property of an e-commerce event that its schema does not know. */
  unknownEcommerceProperties: ['refused', 'accepted'],
  /** The `source` of an e-commerce event: any text, or one of web, ios, android. */
  ecommerceSource: ['text', 'platform'],
  /** A string attribute over 255 characters: not set, or cut off. */
  longStrings: ['dropped', 'truncated'],
  /** A standard attribute other than country and time zone with a value that it cannot have. */
  badStandardValues: ['unchanged', 'stored'],
} as const;

type AssumptionTable = typeof ASSUMPTIONS;
export type Assumptions = { readonly [Name in keyof AssumptionTable]: AssumptionTable[Name][number] };

/** Sentences are what Braze answers, the upper-case names what its docs list. */
export type ErrorTexts = 'sentences' | 'names';

export interface WorkspaceOptions {
  /** External ids that Braze has blocked. Default none. */
  readonly blockedExternalIds?: readonly string[] | undefined;
  /** Blocklisted attributes, events and products, by name: accepted, and dropped. Default none. */
  readonly blockedNames?: readonly string[] | undefined;
  /** False: the workspace of a new customer, for whom Braze takes no purchases. Default true. */
  readonly purchases?: boolean | undefined;
  /** The ids of the workspace's apps. Default: every id is known. */
  readonly appIds?: readonly string[] | undefined;
  /** The ids of the workspace's subscription groups. Default: every id is known. */
  readonly subscriptionGroups?: readonly string[] | undefined;
  /** How item errors read. Default `sentences`. */
  readonly errorTexts?: ErrorTexts | undefined;
  /** True: nested properties of a purchase may be 50 KB, as Braze's page on purchases still says. Default: 100 KB. */
  readonly strictPurchaseSize?: boolean | undefined;
  /** Values that an array attribute keeps, 25 to 500. Default 500. */
  readonly maxArrayItems?: number | undefined;
  /** What to take for granted where Braze documents nothing. Default: see `ASSUMPTIONS`. */
  readonly assume?: Partial<Assumptions> | undefined;
}

/** The options as the rules read them. */
export interface Workspace {
  readonly blockedExternalIds: ReadonlySet<string>;
  readonly blockedNames: ReadonlySet<string>;
  readonly hasPurchases: boolean;
  /** Undefined: every id is known. */
  readonly appIds: ReadonlySet<string> | undefined;
  /** Undefined: every id is known. */
  readonly subscriptionGroups: ReadonlySet<string> | undefined;
  readonly errorTexts: ErrorTexts;
  readonly maxPurchaseBytes: number;
  readonly maxArrayItems: number;
  readonly assume: Assumptions;
}

/** Braze: 100 KB where values are nested; its page on purchases still names the 50 KB of before. */
export const MAX_NESTED_BYTES = 100 * 1024;
const STRICT_PURCHASE_BYTES = 50 * 1024;
/** Braze: an array attribute keeps 500 values unless the workspace is set to fewer, 25 at least. */
export const ARRAY_ITEMS = { least: 25, most: 500 } as const;

const DEFAULT_ASSUMPTIONS = Object.fromEntries(
  Object.entries(ASSUMPTIONS).map(([name, [first]]) => [name, first]),
) as Assumptions;

/** Without options: every id is known, nothing is blocked, purchases are taken. */
export function createWorkspace(options: WorkspaceOptions = {}): Workspace {
  return {
    blockedExternalIds: new Set(options.blockedExternalIds),
    blockedNames: new Set(options.blockedNames),
    hasPurchases: options.purchases ?? true,
    appIds: known(options.appIds),
    subscriptionGroups: known(options.subscriptionGroups),
    errorTexts: options.errorTexts ?? 'sentences',
    maxPurchaseBytes: options.strictPurchaseSize ? STRICT_PURCHASE_BYTES : MAX_NESTED_BYTES,
    maxArrayItems: options.maxArrayItems ?? ARRAY_ITEMS.most,
    assume: { ...DEFAULT_ASSUMPTIONS, ...options.assume },
  };
}

function known(ids: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return ids === undefined ? undefined : new Set(ids);
}
