/** The texts of item errors: the sentences that Braze answers, and the upper-case names that its docs list for some. */
import type { ErrorTexts } from './workspace.ts';

/** Those that Braze's docs name (`/users/track`, "fatal and per-object errors"). Sentences not seen in answers are the sandbox's own. */
export const NAMED = {
  BAD_DEVICE_ID: "'device_id' in 'push_tokens' must be 8 to 255 bytes",
  BAD_EMAIL_SUBSCRIPTION_STATE: "'email_subscribe' is not valid",
  BAD_LOCATION_UPDATE: "'current_location' is not valid",
  BAD_PUSH_SUBSCRIPTION_STATE: "'push_subscribe' is not valid",
  BAD_PUSH_TOKEN_APP_ID: "'app_id' in 'push_tokens' is not valid",
  BAD_PUSH_TOKEN_IMPORT:
    "'push_token_import' needs 'push_tokens' and allows neither 'external_id' nor 'braze_id'",
  BAD_PUSH_TOKEN_STRING: "'token' in 'push_tokens' is not valid",
  BAD_PUSH_TOKEN_VALUE: "'push_tokens' is not valid",
  BAD_SUBSCRIPTION_GROUP_ARRAY: "'subscription_groups' is not valid",
  BAD_SUBSCRIPTION_GROUP_HASH:
    "'subscription_group_id' and 'subscription_state' in 'subscription_groups' are required",
  BAD_SUBSCRIPTION_GROUP_ID: "'subscription_group_id' in 'subscription_groups' is not valid",
  BAD_SUBSCRIPTION_GROUP_STATE: "'subscription_state' in 'subscription_groups' is not valid",
  BLACKLISTED_EXTERNAL_USER_ID: 'provided external_id is blacklisted and disallowed',
  EMAIL_BAD_FORMAT: "The value provided for the 'email' field is not a valid email.",
  EXTERNAL_USER_ID_TOO_LARGE: "'external_id' must be fewer than 988 bytes",
  INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO: "'email_subscription_info' is not a valid attribute",
} as const;

const NAME_BY_SENTENCE: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMED).map(([name, sentence]) => [sentence, name]),
);

/** The error as it goes out; a sentence for which the docs have no name stays a sentence. */
export function itemErrorText(sentence: string, texts: ErrorTexts): string {
  return texts === 'names' ? (NAME_BY_SENTENCE.get(sentence) ?? sentence) : sentence;
}

export function required(field: string): string {
  return `'${field}' is required`;
}

export function notValid(field: string): string {
  return `'${field}' is not valid`;
}
