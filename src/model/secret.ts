/** From how many characters on a text can be kept secret. */

/**
 * What is shorter stands in ordinary words: masked there, it would garble every log line and show what it is. It is guessed
 * in seconds anyway.
 */
export const LEAST_SECRET_CHARACTERS = 4;
